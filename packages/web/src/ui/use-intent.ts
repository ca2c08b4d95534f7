import { useEffect, useMemo, useState } from 'react';
import type { ConversationState } from '../state/conversation.js';
import { foreseen } from '../state/outgoing.js';
import { useDesk, useRoom } from './desk-context.js';
import { intentOf, justSay, type Target, type Wish } from './intent.js';

/** What the user has begun to write. A reply waits while a message is edited; both outlast the visit. */
export function useIntent({ lines, outgoing, me }: ConversationState) {
  const desk = useDesk();
  const { channelId } = useRoom();
  const [reply, setReply] = useState<Target>();
  const [edit, setEdit] = useState<Target>();
  useEffect(() => {
    let current = true;
    desk.begun(channelId).then((begun) => {
      const first = (what: 'reply' | 'edit') => begun.find((one) => one.do === what)?.target;
      if (!current) return;
      setReply((now) => now ?? first('reply'));
      setEdit((now) => now ?? first('edit'));
    });
    return () => {
      current = false;
    };
  }, [desk, channelId]);
  const end = (what: 'reply' | 'edit', target: Target | undefined) => {
    if (target !== undefined) desk.forgetBegun(channelId, { do: what, target });
    if (what === 'edit') setEdit(undefined);
    else setReply(undefined);
  };
  const onWish = (wish: Wish) => {
    if (wish.do === 'say') return edit === undefined ? end('reply', reply) : end('edit', edit);
    const { seq, at } = wish.target;
    if (wish.do === 'edit') return setEdit({ seq, at });
    end('reply', reply);
    setReply({ seq, at });
    setEdit(undefined);
    desk.keepReply(channelId, { seq, at });
  };
  const intent = useMemo(() => {
    const seen = foreseen(lines, outgoing, me);
    if (edit !== undefined) return intentOf({ do: 'edit', target: edit }, seen);
    return intentOf(reply === undefined ? justSay : { do: 'reply', target: reply }, seen);
  }, [lines, outgoing, me, edit, reply]);
  return { intent, onWish };
}
