import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef } from 'react';
import type { Line, SaidLine } from '../state/lines.js';
import { type Names, nameOf } from '../state/names.js';
import { useRoom } from './desk-context.js';
import { Icon } from './icon.js';
import { type Intent, justSay } from './intent.js';
import { Name } from './text.js';
import { useDraft } from './use-draft.js';
import { useTyping } from './use-typing.js';

interface ComposerProps {
  readonly intent: Intent;
  readonly names: Names;
  readonly lines: readonly Line[];
  readonly me: string;
  /** Nothing can be said any more. */
  readonly over: boolean;
  readonly onIntent: (intent: Intent) => void;
}

function lastOwn(lines: readonly Line[], me: string): SaidLine | undefined {
  return lines.filter((line) => line.type === 'said').findLast(({ sender, deleted }) => sender === me && !deleted);
}

/** Where one writes: something new, an answer, or something else in the place of what was said. */
export function Composer({ intent, names, lines, me, over, onIntent }: ComposerProps) {
  const room = useRoom();
  const area = useRef<HTMLTextAreaElement>(null);
  const { text, setText, clear } = useDraft(intent);
  const typing = useTyping();
  useEffect(() => {
    if (intent.do !== 'say' || matchMedia('(pointer: fine)').matches) area.current?.focus();
  }, [intent]);
  const done = () => {
    clear();
    typing.stop();
    onIntent(justSay);
  };
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    const said = text.trim();
    if (said === '') return;
    if (intent.do === 'edit') room.change('edit', intent.line.seq, said);
    else room.say(said, intent.do === 'reply' ? intent.to.seq : undefined);
    done();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && intent.do !== 'say') onIntent(justSay);
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send(event);
    const own = event.key === 'ArrowUp' && text === '' ? lastOwn(lines, me) : undefined;
    if (own !== undefined) onIntent({ do: 'edit', line: own });
  };
  const onText = (words: string) => {
    setText(words);
    typing.go(words);
  };
  return (
    <form className="composer" onSubmit={send}>
      <IntentLine intent={intent} names={names} onCancel={() => onIntent(justSay)} />
      <Writing {...{ area, text, over, onText, onKey }} />
    </form>
  );
}

interface WritingProps {
  readonly area: React.RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly over: boolean;
  readonly onText: (text: string) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

function Writing({ area, text, over, onText, onKey }: WritingProps) {
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
        placeholder={over ? 'Nothing can be said here any more' : 'Write a message'}
        disabled={over}
        maxLength={16_000}
        dir="auto"
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKey}
      />
      <button type="submit" className="send" aria-label="Send" title="Send" disabled={over || text.trim() === ''}>
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
        {intent.do === 'edit' ? 'Editing' : <Name of={`Reply to ${nameOf(names, line.sender)}`} title={line.sender} />}{' '}
        <Name of={(line.text ?? '').slice(0, 120)} />
      </span>
      <button type="button" className="icon-button small" aria-label="Cancel" onClick={onCancel}>
        <Icon name="close" size={16} />
      </button>
    </p>
  );
}
