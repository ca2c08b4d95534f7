import { useEffect, useRef, useState } from 'react';
import type { DraftKey } from '../storage/database.js';
import { pendingIntentKey } from '../storage/drafts.js';
import type { Intent } from './intent.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/**
 * Returns a text that the browser stores under a key, and a function that changes it. Without a
 * key, nothing is stored.
 */
function useStoredText(key: DraftKey | undefined, first: string) {
  const workspace = useWorkspace();
  const [text, setText] = useState('');
  /** What the user has typed since the key changed. */
  const typed = useRef<string>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stays if the message changes meanwhile
  useEffect(() => {
    if (key === undefined) return;
    let current = true;
    typed.current = undefined;
    setText(first);
    workspace.draft(key).then((kept) => {
      if (!current || kept === undefined) return;
      if (typed.current === undefined) setText(kept);
      else if (first === '') change(kept + typed.current); // The user typed before the draft was there.
    });
    return () => {
      current = false;
    };
  }, [workspace, String(key)]);
  const change = (words: string) => {
    typed.current = words;
    setText(words);
    if (key !== undefined) workspace.saveDraft(key, words);
  };
  return { text, change };
}

/** Returns the message that is being edited. */
function editedOf(intent: Intent) {
  if (intent.do === 'edit') return intent.line;
  return intent.do === 'gone' && intent.was === 'edit' ? intent.target : undefined;
}

/** Returns the text in the composer, a new message or an edit. Stores the text until it is sent. */
export function useDraft(intent: Intent) {
  const { channelId } = useOpenConversation();
  const target = editedOf(intent);
  const draft = useStoredText(channelId, '');
  const first = intent.do === 'edit' ? (intent.line.text ?? '') : '';
  const edit = useStoredText(target && pendingIntentKey(channelId, { do: 'edit', target }), first);
  const { text, change: setText } = target === undefined ? draft : edit;
  /** Appends the edit to the draft of a new message. */
  const keepAsNew = () => {
    if (target !== undefined) draft.change([draft.text, edit.text].filter((part) => part !== '').join('\n'));
  };
  return { text, setText, clear: () => setText(''), keepAsNew };
}
