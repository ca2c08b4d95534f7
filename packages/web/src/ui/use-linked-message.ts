import { useEffect, useState } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { linkedMessage } from '../state/linked-message.js';
import { usePlace } from './hooks.js';
import type { Jump } from './plain-row.js';
import { useOpenConversation } from './workspace-context.js';

/**
 * Loads and shows the message that the address names, once for each address. Returns its seq, and
 * the reason if it cannot be shown.
 */
export function useLinkedMessage(state: ConversationState, jump: Jump) {
  const conversation = useOpenConversation();
  const place = usePlace();
  const seq = place.channelId === conversation.channelId ? place.seq : undefined;
  const [shown, setShown] = useState<number>();
  const [closed, setClosed] = useState<number>();
  const next = seq === undefined || seq === shown ? undefined : linkedMessage(state, seq);
  const what = next?.do;
  useEffect(() => {
    if (seq === undefined) setShown(undefined);
    else if (what === 'load') conversation.older();
    else if (what === 'show') {
      const go = jump(seq);
      if (go === undefined) return;
      go();
      setShown(seq);
    }
  }, [conversation, seq, what, jump]);
  const why = next?.do === 'explain' && seq !== closed ? next.why : undefined;
  const isLoading = what === 'load' || what === 'wait';
  return { seq: shown, why, isLoading, close: () => setClosed(seq) };
}
