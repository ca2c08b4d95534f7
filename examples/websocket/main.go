package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

type event struct {
	Message struct {
		Sender string
		Kind   string
		Seq    int
		Data   []byte
	}
}

func main() {
	ctx, protocols := context.Background(), []string{"parley.v1.json", "bearer." + os.Getenv("TOKEN")}
	inbox, _, err := websocket.Dial(ctx, os.Args[1], &websocket.DialOptions{Subprotocols: protocols})
	if err == nil {
		inbox.SetReadLimit(-1)
		err = wsjson.Write(ctx, inbox, map[string]any{"watch": map[string]any{}})
	}
	for err == nil {
		var next event
		err = wsjson.Read(ctx, inbox, &next)
		if next.Message.Seq > 0 && next.Message.Kind == "" {
			fmt.Printf("%s: %s\n", next.Message.Sender, next.Message.Data)
		}
	}
	log.Fatal(err)
}
