# Runs the command line given to it until standard input ends, which it does when the tests let go or die.
# Standard output: the command's process id, then its end when every process of the command is dead.
# Standard error: the guard of the directory, which waits for every process of the command too.
"$@" 3>&1 4>&2 >>"$0" 2>&1 </dev/null &
echo $!
exec >&-
cat >/dev/null
# At once: Postgres by SIGQUIT, and so PgBouncer, which until 1.22 knew SIGTERM only.
kill -QUIT $! 2>/dev/null
kill -TERM $! 2>/dev/null
wait
