import {
  type Conversation,
  type ConversationEvent,
  type MessageEvent,
  type ParleyClient,
  textOf,
} from '@parley/client';
import { useEffect, useState } from 'react';

/** A line of the room that the component shows. */
export interface RoomLine {
  readonly seq: number;
  readonly sender: string;
  readonly text: string;
}

/** The state of one channel. */
export interface ConversationView {
  readonly lines: readonly RoomLine[];
  /** State of the connection. Messages reach the server while it is `live`. */
  readonly status: 'connecting' | 'live' | 'ended';
  readonly conversation: Conversation | undefined;
}

const start: ConversationView = { lines: [], status: 'connecting', conversation: undefined };

function lineOf(event: MessageEvent): RoomLine {
  return { seq: event.seq, sender: event.sender, text: textOf(event) ?? '(not text)' };
}

function after(view: ConversationView, event: ConversationEvent): ConversationView {
  switch (event.type) {
    case 'message':
      return { ...view, lines: [...view.lines, lineOf(event)] };
    case 'edit': {
      const text = new TextDecoder().decode(event.data);
      return { ...view, lines: view.lines.map((line) => (line.seq === event.target ? { ...line, text } : line)) };
    }
    case 'delete':
      return { ...view, lines: view.lines.filter(({ seq }) => seq !== event.target) };
    case 'live':
      return { ...view, status: 'live' };
    case 'reconnecting':
      return { ...view, status: 'connecting' };
    case 'ended':
      return { ...view, status: 'ended' };
    default:
      return view;
  }
}

/** Joins a channel while the component is mounted, and returns its state after each event. */
export function useConversation(client: ParleyClient, channelId: number): ConversationView {
  const [view, setView] = useState(start);
  useEffect(() => {
    const conversation = client.open(channelId);
    setView({ ...start, conversation });
    const read = async () => {
      for await (const event of conversation) setView((current) => after(current, event));
    };
    void read();
    return () => void conversation.leave();
  }, [client, channelId]);
  return view;
}
