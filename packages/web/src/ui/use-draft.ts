import { useEffect, useState } from 'react';
import { useDesk, useRoom } from './desk-context.js';
import type { Intent } from './intent.js';

/** What is being written; where it is something new, it is kept until it is sent. */
export function useDraft(intent: Intent) {
  const desk = useDesk();
  const { channelId } = useRoom();
  const [draft, setDraft] = useState('');
  const [edited, setEdited] = useState('');
  const editing = intent.do === 'edit' ? intent.line : undefined;
  useEffect(() => {
    let current = true;
    desk.draft(channelId).then((kept) => current && kept !== undefined && setDraft(kept));
    return () => {
      current = false;
    };
  }, [desk, channelId]);
  const editedSeq = editing?.seq;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is being written stays when the message changes meanwhile
  useEffect(() => {
    if (editing !== undefined) setEdited(editing.text ?? '');
  }, [editedSeq]);
  const setText = (text: string) => {
    if (editing !== undefined) return setEdited(text);
    setDraft(text);
    desk.keepDraft(channelId, text);
  };
  return { text: editing === undefined ? draft : edited, setText, clear: () => setText('') };
}
