import { memo, useEffect, useState } from 'react';
import type { Chat } from '../live/chat.js';
import type { ChatItem } from '../state/chats.js';
import { words } from '../words/words.js';
import { ChatHead } from './chat-head.js';
import { ConnectionLine } from './connection-line.js';
import { ConversationPanel } from './conversation-panel.js';
import { useWatched, useWatchedPart } from './hooks.js';
import { OutsideChat } from './outside-chat.js';
import { typeAhead, typedAhead } from './typed-ahead.js';
import { ConversationContext, useOpenConversation, useWorkspace } from './workspace-context.js';

/** The chat that the address names. If the user is not in the chat, shows how to join it. */
export function ChatPane({ id }: { id: number }) {
  const { chats } = useWorkspace();
  const item = useWatchedPart(chats, ({ items }) => items[id]);
  const chat = useShownChat(item === undefined ? undefined : id);
  if (item === undefined) return <OutsideChat id={id} />;
  if (chat?.channelId !== id) return null;
  return (
    <ConversationContext value={chat}>
      <ChatView item={item} />
    </ConversationContext>
  );
}

/** Returns the chat with its stored messages, once they have been read. */
function useShownChat(id: number | undefined): Chat | undefined {
  const { chats } = useWorkspace();
  const [chat, setChat] = useState<Chat>();
  useEffect(() => {
    if (id === undefined) return;
    let shown: Chat | undefined;
    let isOver = false;
    typeAhead(id);
    chats.show(id).then((one) => {
      shown = one;
      if (isOver) chats.hide(one);
      else setChat(one);
    });
    return () => {
      isOver = true;
      typedAhead(id);
      if (shown !== undefined) chats.hide(shown);
    };
  }, [chats, id]);
  return chat;
}

/** The header, the messages and the composer of a chat. What happens in other chats does not render them again. */
const ChatView = memo(function ChatView({ item }: { item: ChatItem }) {
  const conversation = useOpenConversation();
  const state = useWatched(conversation);
  return (
    <section className="room-view" aria-label={words().chats.chat}>
      <ChatHead item={item} />
      <ConnectionLine link={state.link} onRejoin={() => conversation.rejoin()} />
      <ConversationPanel state={state} blocked={item.isBlocked === true ? item.peer : undefined} />
    </section>
  );
});
