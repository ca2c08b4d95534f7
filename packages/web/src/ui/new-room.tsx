import type { NewChannel } from '@parley/client';
import type { FormEvent } from 'react';
import { roomHref } from '../state/place.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { Field } from './field.js';
import { NameField } from './name-field.js';
import { RefusalLine } from './refusal-line.js';
import { useAction } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

const retentions: Readonly<Record<string, NonNullable<NewChannel['retention']>>> = {
  nothing: { nothing: true },
  week: { seconds: 7 * 86_400 },
  everything: { everything: true },
};

function roomOf(form: FormData): NewChannel {
  const name = String(form.get('name') ?? '').trim();
  const retention = retentions[String(form.get('retention'))] ?? { nothing: true };
  return { name, limit: Number(form.get('limit')), retention };
}

/** The dialog that creates a room and enters it. */
export function NewRoom({ onClose }: { onClose: () => void }) {
  const workspace = useWorkspace();
  const { busy, refused, run } = useAction(async (form: FormData) => {
    const { id } = await workspace.create(roomOf(form));
    onClose();
    location.hash = roomHref(id);
  });
  const say = words().rooms;
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  return (
    <Dialog title={say.create} onClose={onClose}>
      <form onSubmit={onSubmit}>
        <NameField label={words().common.name} isRequired />
        <Field label={say.mostPeople} hint={say.mostPeopleHint}>
          {(ids) => <input {...ids} name="limit" type="number" min={1} max={25} defaultValue={10} required />}
        </Field>
        <RetentionField />
        <RefusalLine refused={refused} />
        <button className="primary" type="submit" disabled={busy}>
          {say.create}
        </button>
      </form>
    </Dialog>
  );
}

function RetentionField() {
  const say = words().rooms;
  return (
    <Field label={say.history} hint={say.historyHint}>
      {(ids) => (
        <select {...ids} name="retention" defaultValue="week">
          <option value="week">{say.week}</option>
          <option value="everything">{say.unlimited}</option>
          <option value="nothing">{say.off}</option>
        </select>
      )}
    </Field>
  );
}
