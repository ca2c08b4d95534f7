// A WebSocket client with gorilla/websocket: sends each line of its input as a frame, and prints each frame.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"

	"github.com/gorilla/websocket"
)

func sendLines(socket *websocket.Conn) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := socket.WriteMessage(websocket.TextMessage, lines.Bytes()); err != nil {
			log.Fatal(err)
		}
	}
	closing := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := socket.WriteMessage(websocket.CloseMessage, closing); err != nil {
		log.Fatal(err)
	}
}

func main() {
	dialer := websocket.Dialer{Subprotocols: os.Args[2:]}
	socket, _, err := dialer.Dial(os.Args[1], nil)
	if err != nil {
		log.Fatal(err)
	}
	go sendLines(socket)
	for {
		_, frame, err := socket.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(frame))
	}
}
