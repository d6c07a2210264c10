#!/bin/sh
# The guestbook's page, run by httpd for each request: a POST writes a line, and both a POST and a GET show all.
# What is written goes to the master, what is shown comes from a worker.

if [ "$FIND" = variables ]; then
    master=$REDIS_MASTER_SERVICE_HOST worker=$REDIS_WORKER_SERVICE_HOST
else
    master=redis-master worker=redis-worker
fi

answer() { # STATUS TYPE TEXT
    printf 'Status: %s\r\nContent-Type: %s; charset=utf-8\r\nCache-Control: no-store\r\n\r\n%s\n' "$1" "$2" "$3"
    exit
}

refuse() { # STATUS WORDS
    answer "$1" text/plain "$2"
}

redis() { # SERVER [WORD...]
    server=$1 && shift
    timeout 5 redis-cli -e --raw -h "$server" "$@" 2> /dev/null
}

unavailable() { # SERVER
    refuse '503 Service Unavailable' "$1 does not answer, try again"
}

# One line of at most 1000 bytes, without what would end it or change a terminal.
posted() {
    body=$(head -c "${CONTENT_LENGTH:-0}" | head -c 3000)
    case $body in
        line=?*) httpd -d "${body#line=}" | tr -d '\000-\037\177' | head -c 1000 ;;
    esac
}

write() {
    line=$(posted)
    [ -n "$line" ] || refuse '400 Bad Request' 'line: must be given, as line=I+was+here'
    # Who writes finds the line in both workers, if they are well; if not, he goes on a second later all the same.
    quoted=$(printf %s "$line" | sed 's/[\\"]/\\&/g')
    case $(printf 'RPUSH guestbook "%s"\nWAIT 2 1000\n' "$quoted" | redis "$master") in
        [0-9]*) ;;
        *) unavailable "$master" ;;
    esac
}

show() {
    lines=$(redis "$worker" LRANGE guestbook 0 -1) || unavailable "$worker"
    list=$(printf '%s\n' "$lines" | sed '/^$/d; s/&/\&amp;/g; s/</\&lt;/g; s/.*/<li>&/')
    answer '200 OK' text/html "<!DOCTYPE html>
<title>Guestbook</title>
<h1>Guestbook</h1>
<ol>
$list
</ol>
<form method=post><input name=line maxlength=250 autofocus> <button>Write</button></form>
<p>This page is from $(hostname)."
}

[ "$REQUEST_METHOD" = POST ] && write
show
