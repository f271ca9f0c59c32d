// SPDX-License-Identifier: MIT

// Copy stdin to a socket and its answer to stdout: client NETWORK ADDRESS.
package main

import (
	"io"
	"net"
	"os"
)

func main() {
	conn, err := net.Dial(os.Args[1], os.Args[2])
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	go func() {
		io.Copy(conn, os.Stdin)
		conn.(interface{ CloseWrite() error }).CloseWrite()
	}()
	if _, err := io.Copy(os.Stdout, conn); err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
