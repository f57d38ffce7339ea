# Alt-E: the line becomes a suggestion for a command. It is put where it was typed, and runs when you press Enter.
__persona_suggest() {
    [ -n "$READLINE_LINE" ] || return
    local modes suggested traps
    traps=$(trap -p INT)
    modes=$(stty -g) && stty sane
    trap : INT  # Ctrl-C ends the search, and not the way back to the line
    suggested=$(printf '%s' "$READLINE_LINE" | persona shell suggest bash)
    trap - INT && eval "$traps"
    stty "$modes"
    [ -n "$suggested" ] || return
    READLINE_LINE=$suggested
    READLINE_POINT=${#READLINE_LINE}
}
bind -m emacs -x '"\ee": __persona_suggest'
bind -m vi-insert -x '"\ee": __persona_suggest'
