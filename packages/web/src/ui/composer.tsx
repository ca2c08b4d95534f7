import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef } from 'react';
import { bytesOver } from '../state/bytes.js';
import type { ConversationState } from '../state/conversation.js';
import { mayOf } from '../state/may.js';
import { lastOwn } from '../state/timeline.js';
import { useRoom } from './desk-context.js';
import { Icon } from './icon.js';
import { type Intent, justSay, type Wish } from './intent.js';
import { IntentLine } from './intent-line.js';
import { useDraft } from './use-draft.js';
import { useTyping } from './use-typing.js';

interface ComposerProps {
  readonly intent: Intent;
  readonly state: ConversationState;
  readonly onWish: (wish: Wish) => void;
}

/** Without the empty lines around it, and with its indent. */
function withoutEdges(text: string): string {
  return text.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd();
}

/** Enter, but not the one that ends a word of an input method: some browsers tell of its end before they tell of the key. */
function isSend({ key, shiftKey, nativeEvent: { isComposing, keyCode } }: KeyboardEvent): boolean {
  return key === 'Enter' && !shiftKey && !isComposing && keyCode !== 229;
}

/** What a key asks for beside the text. */
function wishOf(key: string, intent: Intent, state: ConversationState): Wish | undefined {
  if (key === 'Escape' && (intent.do === 'reply' || intent.do === 'edit')) return justSay;
  const own = key === 'ArrowUp' && mayOf(state).change ? lastOwn(state) : undefined;
  return own && { do: 'edit', target: own };
}

/** Where one writes: something new, an answer, or something else in the place of what was said. */
export function Composer({ intent, state, onWish }: ComposerProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const draft = useDraft(intent);
  const typing = useTyping();
  const { text } = draft;
  const may = mayOf(state);
  const tooMany = bytesOver(text, state.maxBytes);
  const isReady = may.say && tooMany === 0 && intent.do !== 'gone' && withoutEdges(text) !== '';
  const hand = useHand(intent);
  useFocus(area, intent);
  const send = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (!isReady) return;
    hand(withoutEdges(text));
    draft.clear();
    typing.stop();
    onWish(justSay);
  };
  const cancel = () => onWish(justSay);
  const onKey = (event: KeyboardEvent) => {
    if (isSend(event)) send(event);
    const wish = text === '' || event.key === 'Escape' ? wishOf(event.key, intent, state) : undefined;
    if (wish !== undefined) onWish(wish);
  };
  const onNew = () => {
    draft.keepAsNew();
    onWish(justSay);
  };
  const onText = (words: string) => {
    draft.setText(words);
    typing.go(words);
  };
  return (
    <form className="composer" onSubmit={send}>
      <IntentLine intent={intent} names={state.names} onCancel={cancel} onNew={onNew} />
      <Writing {...{ area, text, over: !may.say, isReady, onText, onKey }} />
      {tooMany > 0 && <TooLong bytes={tooMany} most={state.maxBytes ?? 0} />}
    </form>
  );
}

/** Gives a text to the room as what it is meant to be. */
function useHand(intent: Intent) {
  const room = useRoom();
  return (text: string) => {
    if (intent.do === 'edit') room.change('edit', intent.line.seq, text);
    else room.say(text, intent.do === 'reply' ? intent.line.seq : undefined);
  };
}

/** One can write at once when there is something else to write. */
function useFocus(area: React.RefObject<HTMLTextAreaElement | null>, intent: Intent): void {
  const what = intent.do;
  const seq = intent.do === 'reply' || intent.do === 'edit' ? intent.line.seq : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another message is another thing to write
  useEffect(() => {
    if (what !== 'say' || matchMedia('(pointer: fine)').matches) area.current?.focus();
  }, [area, what, seq]);
}

function TooLong({ bytes, most }: { bytes: number; most: number }) {
  const [over, all] = [bytes, most].map((count) => count.toLocaleString('en'));
  return (
    <p className="too-long" role="status">
      This message is {over} bytes too long. The limit is {all} bytes.
    </p>
  );
}

interface WritingProps {
  readonly area: React.RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  /** Nothing can be said now. */
  readonly over: boolean;
  /** The text can be sent. */
  readonly isReady: boolean;
  readonly onText: (text: string) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

function Writing({ area, text, over, isReady, onText, onKey }: WritingProps) {
  const id = useId();
  return (
    <div className="writing">
      <label className="unseen" htmlFor={id}>
        Message
      </label>
      <textarea
        id={id}
        ref={area}
        rows={1}
        value={text}
        placeholder={over ? 'You cannot post here right now' : 'Write a message'}
        disabled={over}
        dir="auto"
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKey}
      />
      <button type="submit" className="send" aria-label="Send" title="Send" disabled={!isReady}>
        <Icon name="send" />
      </button>
    </div>
  );
}
