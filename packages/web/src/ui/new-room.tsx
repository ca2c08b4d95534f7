import type { NewChannel } from '@parley/client';
import type { FormEvent } from 'react';
import { roomHref } from '../state/place.js';
import { Dialog } from './dialog.js';
import { Field } from './field.js';
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
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  return (
    <Dialog title="Create room" onClose={onClose}>
      <form onSubmit={onSubmit}>
        <Field label="Name">{(ids) => <input {...ids} name="name" required autoComplete="off" />}</Field>
        <Field
          label="Maximum number of people"
          hint="1 to 25. When the room is full, others wait until someone leaves."
        >
          {(ids) => <input {...ids} name="limit" type="number" min={1} max={25} defaultValue={10} required />}
        </Field>
        <RetentionField />
        <RefusalLine refused={refused} />
        <button className="primary" type="submit" disabled={busy}>
          Create room
        </button>
      </form>
    </Dialog>
  );
}

const historyHint =
  'How far back people who join later can read. If it is off, messages are not stored, and you lose them when you leave or reload the page.';

function RetentionField() {
  return (
    <Field label="Message history" hint={historyHint}>
      {(ids) => (
        <select {...ids} name="retention" defaultValue="week">
          <option value="week">1 week</option>
          <option value="everything">Unlimited</option>
          <option value="nothing">Off</option>
        </select>
      )}
    </Field>
  );
}
