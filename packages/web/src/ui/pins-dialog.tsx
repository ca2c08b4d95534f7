import { type MessageEvent, textOf } from '@parley/client';
import { useEffect, useState } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { withoutFormats } from '../state/markdown.js';
import { textOrFiles } from '../state/message-words.js';
import { nameOf } from '../state/names.js';
import { chatHref, roomHref } from '../state/place.js';
import { startOf } from '../state/text.js';
import { briefTime, fullTime } from '../state/times.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { usePlace } from './hooks.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { useAction } from './use-action.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/** Loads the pinned messages page by page. */
function usePins(channelId: number) {
  const { pins } = useWorkspace();
  const [messages, setMessages] = useState<readonly MessageEvent[]>();
  const [next, setNext] = useState<number>();
  const { busy, refused, run } = useAction(async (before: number | undefined, signal: AbortSignal | undefined) => {
    const page = await pins.page(channelId, before, signal ?? new AbortController().signal);
    setMessages((sofar = []) => [...(before === undefined ? [] : sofar), ...page.messages]);
    setNext(page.next);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first page is loaded once
  useEffect(() => {
    const closing = new AbortController();
    run(undefined, closing.signal);
    return () => closing.abort();
  }, []);
  return { messages, busy, refused, more: next === undefined ? undefined : () => run(next, undefined) };
}

/** The pinned messages of a chat or room. Each leads to its place in the conversation. */
export function PinsDialog({ names, onClose }: Pick<ConversationState, 'names'> & { onClose: () => void }) {
  const { channelId } = useOpenConversation();
  const { messages, busy, refused, more } = usePins(channelId);
  const say = words().conversation;
  const href = usePlace().kind === 'room' ? roomHref : chatHref;
  return (
    <Dialog title={words().chats.pinned} onClose={onClose}>
      <p className="hint" role="status">
        {messages === undefined && busy && words().common.loading}
        {messages?.length === 0 && say.noPins}
      </p>
      <RefusalLine refused={refused} />
      <ul className="results">
        {messages?.map((message) => (
          <li key={message.seq}>
            <a href={href(channelId, message.seq)} onClick={onClose}>
              <span className="hint">
                <Name of={nameOf(names, message.sender)} title={message.sender} /> ·{' '}
                <time title={fullTime(message.timestamp)}>{briefTime(message.timestamp, Date.now())}</time>
              </span>
              <Name
                of={withoutFormats(
                  startOf(textOrFiles({ text: textOf(message), fileIds: message.fileIds }) ?? say.noText),
                )}
              />
            </a>
          </li>
        ))}
      </ul>
      {more !== undefined && (
        <button type="button" className="quiet more" disabled={busy} onClick={more}>
          {words().common.more}
        </button>
      )}
    </Dialog>
  );
}
