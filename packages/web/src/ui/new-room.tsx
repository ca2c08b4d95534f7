import type { NewChannel } from '@parley/client';
import type { FormEvent } from 'react';
import { useDesk } from './desk-context.js';
import { Dialog } from './dialog.js';
import { Field } from './field.js';
import { hrefOf } from './hooks.js';
import { sentence, useAction } from './use-action.js';

const keeps: Readonly<Record<string, NonNullable<NewChannel['keep']>>> = {
  nothing: { nothing: true },
  week: { seconds: 7 * 86_400 },
  everything: { everything: true },
};

function roomOf(form: FormData): NewChannel {
  const name = String(form.get('name') ?? '').trim();
  const keep = keeps[String(form.get('keep'))] ?? { nothing: true };
  return { name, limit: Number(form.get('limit')), keep };
}

/** Makes a room, and goes in. */
export function NewRoom({ onClose }: { onClose: () => void }) {
  const desk = useDesk();
  const { busy, refused, run } = useAction(async (form: FormData) => {
    const { id } = await desk.create(roomOf(form));
    onClose();
    location.hash = hrefOf(id);
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  return (
    <Dialog title="Make a room" onClose={onClose}>
      <form onSubmit={onSubmit}>
        <Field label="Name">{(ids) => <input {...ids} name="name" required maxLength={64} autoComplete="off" />}</Field>
        <Field label="Seats" hint="1 to 25. Who comes later waits at the door.">
          {(ids) => <input {...ids} name="limit" type="number" min={1} max={25} defaultValue={10} required />}
        </Field>
        <Keep />
        <p className="refusal" role="alert">
          {refused === undefined ? '' : sentence(refused.words)}
        </p>
        <button className="primary" type="submit" disabled={busy}>
          Make the room
        </button>
      </form>
    </Dialog>
  );
}

function Keep() {
  return (
    <Field label="What is said" hint="Where nothing is kept, nobody can read later what was said.">
      {(ids) => (
        <select {...ids} name="keep" defaultValue="week">
          <option value="week">is kept for a week</option>
          <option value="everything">is kept</option>
          <option value="nothing">is not kept</option>
        </select>
      )}
    </Field>
  );
}
