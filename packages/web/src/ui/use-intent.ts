import { useEffect, useMemo, useState } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { withPending } from '../state/outgoing.js';
import { type IntentRequest, intentOf, newMessage, type Target } from './intent.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/**
 * Tracks whether the user writes a message, a reply or an edit. An edit suspends a reply; both
 * survive a reload.
 */
export function useIntent({ lines, outgoing, me }: ConversationState) {
  const workspace = useWorkspace();
  const { channelId } = useOpenConversation();
  const [reply, setReply] = useState<Target>();
  const [edit, setEdit] = useState<Target>();
  useEffect(() => {
    let current = true;
    workspace.pendingIntents(channelId).then((begun) => {
      const first = (what: 'reply' | 'edit') => begun.find((one) => one.do === what)?.target;
      if (!current) return;
      setReply((now) => now ?? first('reply'));
      setEdit((now) => now ?? first('edit'));
    });
    return () => {
      current = false;
    };
  }, [workspace, channelId]);
  const end = (what: 'reply' | 'edit', target: Target | undefined) => {
    if (target !== undefined) workspace.forgetPendingIntent(channelId, { do: what, target });
    if (what === 'edit') setEdit(undefined);
    else setReply(undefined);
  };
  const onIntent = (request: IntentRequest) => {
    if (request.do === 'say') return edit === undefined ? end('reply', reply) : end('edit', edit);
    const { seq, at } = request.target;
    if (request.do === 'edit') return setEdit({ seq, at });
    end('reply', reply);
    setReply({ seq, at });
    setEdit(undefined);
    workspace.saveReply(channelId, { seq, at });
  };
  const intent = useMemo(() => {
    const seen = withPending(lines, outgoing, me);
    if (edit !== undefined) return intentOf({ do: 'edit', target: edit }, seen);
    return intentOf(reply === undefined ? newMessage : { do: 'reply', target: reply }, seen);
  }, [lines, outgoing, me, edit, reply]);
  return { intent, onIntent };
}
