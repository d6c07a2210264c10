// The first process of a pod's network container, for 64-bit ARM Linux; pause-amd64.s says what it does and why.
//
//   aarch64-linux-gnu-as -o pause.o pause-arm64.s
//   aarch64-linux-gnu-objcopy -O binary -j .text pause.o pause-arm64

        .set    BASE, 0x400000
        .set    SIGINT, 2
        .set    SIGTERM, 15
        .set    SIGCHLD, 17

        .text
header: .byte   0x7f, 'E', 'L', 'F', 2, 1, 1, 0         // 64 bits, little endian, System V
        .quad   0
        .hword  2, 183                                  // an executable, AArch64
        .word   1
        .quad   BASE + start - header
        .quad   segment - header
        .quad   0
        .word   0
        .hword  64, 56, 1, 0, 0, 0                      // one segment, no sections

segment:
        .word   1, 5                                    // load, read and execute
        .quad   0, BASE, BASE, end - header, end - header, 0x10000

start:  mov     x8, #135                                // rt_sigprocmask(SIG_BLOCK, &signals, NULL, 8)
        mov     x0, #0
        adr     x1, signals
        mov     x2, #0
        mov     x3, #8
        svc     #0

await:  mov     x8, #137                                // rt_sigtimedwait(&signals, NULL, NULL, 8)
        adr     x0, signals
        mov     x1, #0
        mov     x2, #0
        mov     x3, #8
        svc     #0
        cmp     w0, #SIGINT
        b.eq    leave
        cmp     w0, #SIGTERM
        b.eq    leave

reap:   mov     x8, #260                                // wait4(-1, NULL, WNOHANG, NULL)
        mov     x0, #-1
        mov     x1, #0
        mov     x2, #1
        mov     x3, #0
        svc     #0
        cmp     w0, #0
        b.gt    reap
        b       await

leave:  mov     x8, #93                                 // exit(0)
        mov     x0, #0
        svc     #0

        .balign 8
signals:
        .quad   1 << (SIGINT - 1) | 1 << (SIGTERM - 1) | 1 << (SIGCHLD - 1)
end:
