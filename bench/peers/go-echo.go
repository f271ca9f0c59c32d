// SPDX-License-Identifier: MIT

// The echo in Go: a goroutine a connection with a buffer of 16 KiB, or with
// the argument "udp" a loop over datagrams.
package main

import (
	"fmt"
	"net"
	"os"
)

func serve(conn net.Conn) {
	defer conn.Close()
	buffer := make([]byte, 16<<10)
	for {
		n, err := conn.Read(buffer)
		if n > 0 {
			if _, err := conn.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func streams() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("listening tcp://%s echo\n", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go serve(conn)
	}
}

func datagrams() error {
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	socket.SetReadBuffer(4 << 20)
	fmt.Printf("listening udp://%s echo\n", socket.LocalAddr())
	buffer := make([]byte, 64<<10)
	for {
		n, from, err := socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return err
		}
		socket.WriteToUDPAddrPort(buffer[:n], from)
	}
}

func main() {
	serve := streams
	if len(os.Args) > 1 && os.Args[1] == "udp" {
		serve = datagrams
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
