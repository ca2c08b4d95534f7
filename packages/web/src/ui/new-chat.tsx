import { ChannelKind } from '@parley/client';
import { type FormEvent, useState } from 'react';
import { readersWords } from '../state/chat-words.js';
import { chatHref } from '../state/place.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { NameField } from './name-field.js';
import { PeoplePicker, type Picked } from './people-picker.js';
import { RefusalLine } from './refusal-line.js';
import { sentence, useAction } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

const kinds = [
  [ChannelKind.DIRECT, 'directMessage'],
  [ChannelKind.GROUP, 'group'],
  [ChannelKind.PRIVATE, 'private'],
  [ChannelKind.PUBLIC, 'public'],
] as const;

function submitWords(kind: ChannelKind): string {
  const { openChat, createGroup, createChannel } = words().chats;
  if (kind === ChannelKind.DIRECT) return openChat;
  return kind === ChannelKind.GROUP ? createGroup : createChannel;
}

/** The dialog that opens a direct chat, or creates a group or channel. */
export function NewChat({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState<ChannelKind>(ChannelKind.DIRECT);
  const [picked, setPicked] = useState<readonly Picked[]>([]);
  const say = words().chats;
  const isDirect = kind === ChannelKind.DIRECT;
  const { busy, refused, run } = useCreate(kind, picked, onClose);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  return (
    <Dialog title={say.newChat} onClose={onClose}>
      <form onSubmit={onSubmit}>
        <Kinds kind={kind} onKind={setKind} />
        <p className="hint readers">{sentence(readersWords(kind))}</p>
        {!isDirect && <NameField label={words().common.name} isRequired />}
        <PeoplePicker
          label={isDirect ? say.person : say.peopleToAdd}
          picked={picked}
          isSingle={isDirect}
          onPick={setPicked}
        />
        <RefusalLine refused={refused} />
        <button className="primary" type="submit" disabled={busy || (isDirect && picked.length === 0)}>
          {submitWords(kind)}
        </button>
      </form>
    </Dialog>
  );
}

/** The action of the dialog. */
function useCreate(kind: ChannelKind, picked: readonly Picked[], onClose: () => void) {
  const { membership } = useWorkspace();
  return useAction(async (form: FormData) => {
    const userIds = picked.map(({ id }) => id);
    const [first] = userIds;
    if (kind === ChannelKind.DIRECT && first === undefined) return;
    const name = String(form.get('name') ?? '').trim();
    const id =
      kind === ChannelKind.DIRECT
        ? await membership.direct(first ?? '')
        : (await membership.create({ channel: { name, kind }, userIds })).id;
    onClose();
    location.hash = chatHref(id);
  });
}

function Kinds({ kind, onKind }: { kind: ChannelKind; onKind: (kind: ChannelKind) => void }) {
  const say = words().chats;
  return (
    <fieldset className="kinds">
      <legend className="unseen">{say.kind}</legend>
      {kinds.map(([value, name]) => (
        <label key={value}>
          <input type="radio" name="kind" checked={kind === value} onChange={() => onKind(value)} />
          <span>{say[name]}</span>
        </label>
      ))}
    </fieldset>
  );
}
