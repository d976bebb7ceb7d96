// Rules for YARA, asked as a second opinion where a policy demands it. Add files of your own beside this one.

rule shell_fetches_and_runs
{
    meta:
        description = "a shell line that runs what it has just fetched"
    strings:
        $fetch = /(curl|wget)[ \t][^\n|;]{1,200}\|[ \t]{0,4}(ba|da|z)?sh\b/
    condition:
        filesize < 16MB and $fetch
}
