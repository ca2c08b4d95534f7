import { useEffect, useEffectEvent, useState } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { isSettling, linkedMessage } from '../state/linked-message.js';
import { usePlace } from './hooks.js';
import type { Jump } from './use-jump.js';
import { useOpenConversation } from './workspace-context.js';

/** Calls the listener when the user clicks a link to the address that is open already. */
function useOpenedAgain(listener: () => void): void {
  const onAgain = useEffectEvent(listener);
  useEffect(() => {
    const onClick = ({ target }: Event) => {
      if (target instanceof Element && target.closest('a')?.hash === location.hash) onAgain();
    };
    addEventListener('click', onClick, true);
    return () => removeEventListener('click', onClick, true);
  }, []);
}

/**
 * Loads and shows the message that the address names, once for each visit. Returns its seq, and
 * the reason if it cannot be shown. The page may show a message from its cache, so this function
 * follows it until the lines are current, and gives the reason if it was deleted.
 */
export function useLinkedMessage(state: ConversationState, jump: Jump) {
  const conversation = useOpenConversation();
  const place = usePlace();
  const seq = place.channelId === conversation.channelId ? place.seq : undefined;
  const [shown, setShown] = useState<number>();
  const [found, setFound] = useState<number>();
  const [closed, setClosed] = useState<number>();
  const next = seq === undefined ? undefined : linkedMessage(state, seq, seq === found);
  const what = next?.do;
  const begin = () => {
    for (const set of [setShown, setFound, setClosed]) set(undefined);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each visit of an address begins anew
  useEffect(begin, [seq]);
  useOpenedAgain(begin);
  useEffect(() => {
    if (what === 'load') {
      setShown(undefined);
      conversation.older();
    } else if (what === 'show' && seq !== undefined) {
      const go = seq === shown ? () => {} : jump(seq);
      if (go === undefined) return;
      go();
      setShown(seq);
      if (!isSettling(state)) setFound(seq);
    }
  }, [conversation, seq, shown, state, what, jump]);
  const why = next?.do === 'explain' && seq !== closed ? next.why : undefined;
  const isLoading = what === 'load' || what === 'wait';
  return { seq: shown, why, isLoading, close: () => setClosed(seq) };
}
