# Alt-E: the line becomes a suggestion for a command. It is put where it was typed, and runs when you press Enter.
__persona_suggest() {
    [[ -n $BUFFER ]] || return
    local suggested
    zle -I
    suggested=$(print -rn -- "$BUFFER" | persona shell suggest zsh)
    [[ -n $suggested ]] && BUFFER=$suggested && CURSOR=${#BUFFER}
    zle reset-prompt
}
zle -N __persona_suggest
bindkey -M emacs '^[e' __persona_suggest
bindkey -M viins '^[e' __persona_suggest
