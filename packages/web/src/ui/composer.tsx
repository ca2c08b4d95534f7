import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef } from 'react';
import { bytesOver } from '../state/bytes.js';
import type { ConversationState } from '../state/conversation.js';
import { mayOf } from '../state/may.js';
import { type Names, nameOf } from '../state/names.js';
import { lastOwn } from '../state/timeline.js';
import { useRoom } from './desk-context.js';
import { Icon } from './icon.js';
import { type Intent, justSay } from './intent.js';
import { Name } from './text.js';
import { useDraft } from './use-draft.js';
import { useTyping } from './use-typing.js';

interface ComposerProps {
  readonly intent: Intent;
  readonly state: ConversationState;
  readonly onIntent: (intent: Intent) => void;
}

/** Without the empty lines around it, and with its indent. */
function withoutEdges(text: string): string {
  return text.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd();
}

/** Enter, but not the one that ends a word of an input method: some browsers tell of its end before they tell of the key. */
function isSend({ key, shiftKey, nativeEvent: { isComposing, keyCode } }: KeyboardEvent): boolean {
  return key === 'Enter' && !shiftKey && !isComposing && keyCode !== 229;
}

/** Where one writes: something new, an answer, or something else in the place of what was said. */
export function Composer({ intent, state, onIntent }: ComposerProps) {
  const room = useRoom();
  const area = useRef<HTMLTextAreaElement>(null);
  const { text, setText, clear } = useDraft(intent);
  const typing = useTyping();
  const may = mayOf(state);
  const tooMany = bytesOver(text, state.maxBytes);
  useEffect(() => {
    if (intent.do !== 'say' || matchMedia('(pointer: fine)').matches) area.current?.focus();
  }, [intent]);
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    const said = withoutEdges(text);
    if (said === '' || tooMany > 0 || !may.say) return;
    if (intent.do === 'edit') room.change('edit', intent.line.seq, said);
    else room.say(said, intent.do === 'reply' ? intent.to.seq : undefined);
    clear();
    typing.stop();
    onIntent(justSay);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && intent.do !== 'say') onIntent(justSay);
    if (isSend(event)) send(event);
    const own = event.key === 'ArrowUp' && text === '' && may.change ? lastOwn(state) : undefined;
    if (own !== undefined) onIntent({ do: 'edit', line: own });
  };
  const onText = (words: string) => {
    setText(words);
    typing.go(words);
  };
  return (
    <form className="composer" onSubmit={send}>
      <IntentLine intent={intent} names={state.names} onCancel={() => onIntent(justSay)} />
      <Writing {...{ area, text, over: !may.say, tooMany, onText, onKey }} />
      {tooMany > 0 && <TooLong bytes={tooMany} most={state.maxBytes ?? 0} />}
    </form>
  );
}

function TooLong({ bytes, most }: { bytes: number; most: number }) {
  const [over, all] = [bytes, most].map((count) => count.toLocaleString('en'));
  return (
    <p className="too-long" role="status">
      {over} bytes too long: a message has at most {all} bytes.
    </p>
  );
}

interface WritingProps {
  readonly area: React.RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  /** Nothing can be said now. */
  readonly over: boolean;
  readonly tooMany: number;
  readonly onText: (text: string) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

function Writing({ area, text, over, tooMany, onText, onKey }: WritingProps) {
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
        placeholder={over ? 'You cannot write here now' : 'Write a message'}
        disabled={over}
        dir="auto"
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKey}
      />
      <button
        type="submit"
        className="send"
        aria-label="Send"
        title="Send"
        disabled={over || tooMany > 0 || text.trim() === ''}
      >
        <Icon name="send" />
      </button>
    </div>
  );
}

function IntentLine({ intent, names, onCancel }: { intent: Intent; names: Names; onCancel: () => void }) {
  if (intent.do === 'say') return null;
  const line = intent.do === 'edit' ? intent.line : intent.to;
  return (
    <p className="intent">
      <Icon name={intent.do === 'edit' ? 'edit' : 'reply'} size={16} />
      <span>
        {intent.do === 'edit' ? (
          'Editing:'
        ) : (
          <Name of={`Reply to ${nameOf(names, line.sender)}:`} title={line.sender} />
        )}{' '}
        <Name of={(line.text ?? '').slice(0, 120)} />
      </span>
      <button type="button" className="icon-button small" aria-label="Cancel" onClick={onCancel}>
        <Icon name="close" size={16} />
      </button>
    </p>
  );
}
