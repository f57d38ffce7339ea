# Alt-E: the line becomes a suggestion for a command. It is put where it was typed, and runs when you press Enter.
function __persona_suggest
    set -l line (commandline | string collect)
    test -n "$line"; or return
    set -l modes (stty -g </dev/tty)
    stty sane </dev/tty
    set -l suggested (printf '%s' "$line" | persona shell suggest fish | string collect)
    stty $modes </dev/tty
    test -n "$suggested"; and commandline -r -- $suggested
    commandline -f repaint
end
bind \ee __persona_suggest
bind -M insert \ee __persona_suggest
