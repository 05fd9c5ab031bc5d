# Stops the server when nobody uses it any more, also when all of its users were killed.
# stdin: the FIFO that every user holds open and has written a line to.
# $1: the cluster, $2: its run directory, $3: seconds to linger.
while read -r _; do :; done # ends with the last user
while true; do
  : > "$2/idle" || exit
  sleep "$3" < /dev/null
  # Who came meanwhile has written a line; whoever comes now removes `idle`, and the `mv` fails.
  came=
  while read -r _; do came=1; done
  if [ -z "$came" ] && mv "$2/idle" "$2/stopping"; then
    kill -INT "$(head -n 1 "$1/postmaster.pid")"
    exit
  fi
done
