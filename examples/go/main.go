// Chats in a room: sends each line of stdin, and prints every message. Reconnects and resumes.
//
//	cd examples/go
//	../../node_modules/.bin/buf generate ../../proto --path ../../proto/chat   # generates gen/
//	go run . alice 'correct horse' lobby [user-service] [channel-service]
//
// It registers the account and creates the room if they do not exist.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log"
	mathrand "math/rand"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	chatv1 "parley.example/client/gen/chat/v1"
)

// client is one user in one room.
type client struct {
	channels  chatv1.ChannelServiceClient
	user      context.Context // carries the user token
	channelID uint32

	mutex  sync.Mutex
	unsent map[string]*chatv1.Message // a message stays here until its ack, and is sent again on the next stream
	stream chatv1.ChatService_ConnectClient
	log    string // with seq, the position of the last entry that was printed
	seq    uint64
}

func dial(address string) *grpc.ClientConn {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	return connection
}

func withToken(token string) context.Context {
	return metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
}

func logIn(users chatv1.UserServiceClient, id, password string) context.Context {
	_, err := users.Register(context.Background(), &chatv1.RegisterRequest{UserId: id, Password: password, Name: id})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		log.Fatal(err)
	}
	response, err := users.Login(context.Background(), &chatv1.LoginRequest{UserId: id, Password: password})
	if err != nil {
		log.Fatal(err)
	}
	return withToken(response.Token)
}

func (c *client) findRoom(name string) uint32 {
	list, err := c.channels.List(c.user, &chatv1.Channel{})
	if err != nil {
		log.Fatal(err)
	}
	for channel, err := list.Recv(); err == nil; channel, err = list.Recv() {
		if channel.Name == name {
			return channel.Id
		}
	}
	week := &chatv1.Retention{Rule: &chatv1.Retention_Seconds{Seconds: 7 * 86_400}}
	room, err := c.channels.Create(c.user, &chatv1.Channel{Name: name, Limit: 10, Retention: week})
	if err != nil {
		log.Fatal(err)
	}
	return room.Id
}

// chat runs one stream until it ends, and returns the reason.
func (c *client) chat() string {
	var trailer metadata.MD
	seat, err := c.channels.Listen(c.user, &chatv1.Channel{Id: c.channelID}, grpc.Trailer(&trailer))
	if err != nil {
		return reasonIn(trailer)
	}
	connection := dial(seat.Server.Addr)
	defer connection.Close()
	ctx := metadata.AppendToOutgoingContext(withToken(seat.Token), "chat-events", "1")
	if c.log != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "chat-resume", fmt.Sprintf("%s:%d", c.log, c.seq))
	}
	stream, err := chatv1.NewChatServiceClient(connection).Connect(ctx)
	if err != nil {
		return ""
	}
	for {
		frame, err := stream.Recv()
		if err != nil {
			return reasonIn(stream.Trailer())
		}
		c.receive(stream, frame)
	}
}

// reasonIn returns the word that says why a call failed, or "" if the connection broke.
func reasonIn(trailer metadata.MD) string {
	if values := trailer.Get("chat-reason"); len(values) > 0 {
		return values[0]
	}
	return ""
}

func (c *client) receive(stream chatv1.ChatService_ConnectClient, frame *chatv1.Message) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch event := frame.Event.(type) {
	case *chatv1.Message_Welcome:
		if c.log != event.Welcome.Log {
			c.log, c.seq = event.Welcome.Log, event.Welcome.LastSeq
		}
		fmt.Println("in", event.Welcome.Channel.Name)
		c.stream = stream
		for _, message := range c.unsent {
			_ = stream.Send(message)
		}
	case *chatv1.Message_Ping:
		pong := &chatv1.Ping{SentAt: event.Ping.SentAt}
		_ = stream.Send(&chatv1.Message{Event: &chatv1.Message_Pong{Pong: pong}})
	case *chatv1.Message_Ack:
		delete(c.unsent, event.Ack.ClientId)
		if event.Ack.Refusal != nil {
			fmt.Println("refused:", event.Ack.Refusal.Message)
		}
	case nil:
		if frame.Seq > 0 {
			c.seq = frame.Seq
		}
		if frame.Seq > 0 && frame.Kind == chatv1.Kind_KIND_UNSPECIFIED {
			fmt.Printf("%s: %s\n", frame.Sender, frame.Data)
		}
	}
}

func (c *client) send(text string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	message := &chatv1.Message{
		Data:     []byte(text),
		ClientId: fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
	}
	c.unsent[message.ClientId] = message
	if c.stream != nil {
		_ = c.stream.Send(message)
	}
}

func argument(index int, fallback string) string {
	if index < len(os.Args) {
		return os.Args[index]
	}
	return fallback
}

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: client <user> <password> <room> [user-service] [channel-service]")
	}
	users := chatv1.NewUserServiceClient(dial(argument(4, "localhost:50051")))
	channels := chatv1.NewChannelServiceClient(dial(argument(5, "localhost:50052")))
	c := &client{channels: channels, unsent: map[string]*chatv1.Message{}}
	c.user = logIn(users, os.Args[1], os.Args[2])
	c.channelID = c.findRoom(os.Args[3])
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			c.send(lines.Text())
		}
	}()
	for {
		switch reason := c.chat(); reason {
		case "replaced", "removed", "banned", "kicked", "channel-deleted", "logged-out", "suspended", "channel-full":
			log.Fatal(reason)
		}
		time.Sleep(200*time.Millisecond + time.Duration(mathrand.Int63n(int64(time.Second))))
	}
}
