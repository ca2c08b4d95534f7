import { useEffect, useMemo } from 'react';
import type { OpenConversation } from '../live/open-conversation.js';
import { useOpenConversation } from './workspace-context.js';

const againMs = 3_000;

/** Sends typing indicators: at most one every few seconds, and one when the user stops. */
function typingIndicator(conversation: OpenConversation) {
  let sentAtMs = Number.NEGATIVE_INFINITY;
  const stop = () => {
    if (sentAtMs > 0) conversation.typing(true);
    sentAtMs = Number.NEGATIVE_INFINITY;
  };
  const go = (text: string) => {
    if (text.trim() === '') return stop();
    if (performance.now() - sentAtMs < againMs) return;
    sentAtMs = performance.now();
    conversation.typing(false);
  };
  return { go, stop };
}

/** Sends typing indicators for the open room or chat. */
export function useTyping() {
  const conversation = useOpenConversation();
  const indicator = useMemo(() => typingIndicator(conversation), [conversation]);
  useEffect(() => indicator.stop, [indicator]);
  return indicator;
}
