"""What Windows lacks and charrnn could be tempted to use: names in modules, and whole modules. Pseudo-terminals stay:
tests need them.
"""

NAMES = {
    "os": """O_NOFOLLOW O_NONBLOCK O_DIRECTORY O_NOCTTY O_CLOEXEC chown fchdir fchmod fork forkpty geteuid getloadavg getpgrp
        getuid killpg mkfifo posix_fadvise posix_fallocate posix_spawn sched_getaffinity set_blocking setsid statvfs
        sysconf tcgetpgrp wait waitid""",
    "signal": """SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH alarm pause
        pthread_kill setitimer sigwait""",
    "select": "poll epoll POLLIN",
}
MODULES = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "termios", "tty")
