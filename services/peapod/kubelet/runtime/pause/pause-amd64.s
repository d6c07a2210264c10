# The first process of a pod's network container, for x86-64 Linux: it waits, reaps the orphans that end up with it,
# and leaves at once when it is told to. The whole file is written here, header included, so that it comes out the
# same wherever it is built:
#
#   as -o pause.o pause-amd64.s && objcopy -O binary -j .text pause.o pause-amd64

        .set    BASE, 0x400000
        .set    SIGINT, 2
        .set    SIGTERM, 15
        .set    SIGCHLD, 17

        .text
header: .byte   0x7f, 'E', 'L', 'F', 2, 1, 1, 0         # 64 bits, little endian, System V
        .quad   0
        .word   2, 62                                   # an executable, x86-64
        .long   1
        .quad   BASE + start - header
        .quad   segment - header
        .quad   0
        .long   0
        .word   64, 56, 1, 0, 0, 0                      # one segment, no sections

segment:
        .long   1, 5                                    # load, read and execute
        .quad   0, BASE, BASE, end - header, end - header, 0x1000

# Blocked signals wait to be fetched; unblocked ones without a handler do not even reach the first process.
start:  mov     $14, %eax                               # rt_sigprocmask(SIG_BLOCK, &signals, NULL, 8)
        xor     %edi, %edi
        lea     signals(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall

await:  mov     $128, %eax                              # rt_sigtimedwait(&signals, NULL, NULL, 8)
        lea     signals(%rip), %rdi
        xor     %esi, %esi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        cmp     $SIGINT, %eax
        je      leave
        cmp     $SIGTERM, %eax
        je      leave

# One SIGCHLD may stand for many children.
reap:   mov     $61, %eax                               # wait4(-1, NULL, WNOHANG, NULL)
        mov     $-1, %rdi
        xor     %esi, %esi
        mov     $1, %edx
        xor     %r10d, %r10d
        syscall
        test    %eax, %eax
        jg      reap
        jmp     await

leave:  mov     $60, %eax                               # exit(0)
        xor     %edi, %edi
        syscall

        .balign 8
signals:
        .quad   1 << (SIGINT - 1) | 1 << (SIGTERM - 1) | 1 << (SIGCHLD - 1)
end:
