# Alt-E: the line becomes a suggestion for a command. It is put where it was typed, and runs when you press Enter.
Set-PSReadLineKeyHandler -Chord "Alt+e" -BriefDescription "PersonaSuggest" -ScriptBlock {
    $line = $null
    $cursor = $null
    [Microsoft.PowerShell.PSConsoleReadLine]::GetBufferState([ref]$line, [ref]$cursor)
    if (-not $line) { return }
    $suggested = ($line | persona shell suggest powershell | Out-String).Trim()
    if ($suggested) { [Microsoft.PowerShell.PSConsoleReadLine]::Replace(0, $line.Length, $suggested) }
}
