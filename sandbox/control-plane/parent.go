package main

import (
	"io"
	"os"
)

// parentGone closes when standard input ends: the launcher holds the other end of that pipe, and the kernel closes it
// however the launcher dies, also by SIGKILL. A terminal or /dev/null is no launcher and is not watched.
func parentGone() <-chan struct{} {
	gone := make(chan struct{})
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return gone
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(gone)
	}()
	return gone
}

// exitWithParent ends a stateless server at once when its launcher is gone: everything worth keeping is in etcd.
func exitWithParent() {
	gone := parentGone()
	go func() {
		<-gone
		os.Exit(1)
	}()
}
