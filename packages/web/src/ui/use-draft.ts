import { useEffect, useRef, useState } from 'react';
import type { DraftKey } from '../storage/database.js';
import { begunKey } from '../storage/drafts.js';
import { useDesk, useRoom } from './desk-context.js';
import type { Intent } from './intent.js';

/** A text that the browser keeps under a key; without one, nothing. */
function useKept(key: DraftKey | undefined, first: string) {
  const desk = useDesk();
  const [text, setText] = useState('');
  const isTyped = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is being written stays when the message changes meanwhile
  useEffect(() => {
    if (key === undefined) return;
    let current = true;
    isTyped.current = false;
    setText(first);
    desk.draft(key).then((kept) => current && !isTyped.current && kept !== undefined && setText(kept));
    return () => {
      current = false;
    };
  }, [desk, String(key)]);
  const change = (words: string) => {
    isTyped.current = true;
    setText(words);
    if (key !== undefined) desk.keepDraft(key, words);
  };
  return { text, change };
}

/** The message whose text is written anew. */
function editedOf(intent: Intent) {
  if (intent.do === 'edit') return intent.line;
  return intent.do === 'gone' && intent.was === 'edit' ? intent.target : undefined;
}

/** What is being written, kept until it is sent: something new, or an edit. */
export function useDraft(intent: Intent) {
  const { channelId } = useRoom();
  const target = editedOf(intent);
  const draft = useKept(channelId, '');
  const first = intent.do === 'edit' ? (intent.line.text ?? '') : '';
  const edit = useKept(target && begunKey(channelId, { do: 'edit', target }), first);
  const { text, change: setText } = target === undefined ? draft : edit;
  /** Moves an edit behind what else is written. */
  const keepAsNew = () => {
    if (target !== undefined) draft.change([draft.text, edit.text].filter((part) => part !== '').join('\n'));
  };
  return { text, setText, clear: () => setText(''), keepAsNew };
}
