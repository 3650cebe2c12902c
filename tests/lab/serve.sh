#!/bin/sh
# What a key may do on a git host of the lab; the forced command of every key.
# usage: serve HOST KEY read|write REPOSITORY…    (`all` stands for every repository)
set -f

host=$1 key=$2 access=$3
shift 3

main() {
    command=${SSH_ORIGINAL_COMMAND-}
    case $command in
        "git upload-"*) command=git-${command#git } ;;
    esac
    case $command in
        '') greet ;;
        "git-upload-pack '"*"'" | "git-upload-archive '"*"'") serve "$@" ;;
        "git-receive-pack '"*"'") serve "$@" ;;
        "git-lfs-authenticate "*" download" | "git-lfs-authenticate "*" upload") authenticate "$@" ;;
        *) refuse "Invalid command: '$SSH_ORIGINAL_COMMAND'" ;;
    esac
}

greet() {
    record greeted
    echo "Hi $key! You've successfully authenticated, but this host does not provide shell access." >&2
    exit 1
}

serve() {
    verb=${command%% *}
    name=${command#*\'}
    name=${name%\'}
    # What a hostile host writes: a window title, a cleared screen.
    case $name in *acme/escapes*) printf 'hello \033]0;owned\007\033[2J\n' >&2 ;; esac
    may "$verb" "$@"
    exec "$verb" "/srv/git/$name.git"
}

# There is no LFS server at the address.
authenticate() {
    name=${command#* }
    verb=${name##* }
    name=${name% *}
    name=${name#\'}
    name=${name%\'}
    may "$verb" "$@"
    printf '{"href":"https://127.0.0.1/%s.git/info/lfs","header":{"Authorization":"RemoteAuth %s"},"expires_in":600}\n' \
        "$name" "lab-$key-$verb"
}

# usage: may VERB REPOSITORY…    brings $name into its plain form
may() {
    verb=$1
    shift
    name=${name#/}
    name=${name%/}
    name=${name%.git}
    opens "$@" || refuse 'Repository not found.'
    case $verb in
        git-receive-pack | upload)
            [ "$access" = write ] || refuse 'The key you are authenticating with has been marked as read only.'
            ;;
    esac
    record allowed
}

opens() {
    case /$name/ in
        *[!A-Za-z0-9._/-]* | */../* | */./* | *//*) return 1 ;;
    esac
    [ -d "/srv/git/$name.git" ] || return 1
    for granted; do
        [ "$granted" = all ] || [ "$granted" = "$name" ] && return 0
    done
    return 1
}

refuse() {
    record refused
    echo "ERROR: $1" >&2
    exit 1
}

record() {
    line=$(printf '%s' "${SSH_ORIGINAL_COMMAND-}" | tr -c '[:print:]' '?')
    printf '%s %s %s %s %s\n' "$(date -u +%FT%TZ)" "$host" "$key" "$1" "$line" >>/srv/log/access
}

main "$@"
