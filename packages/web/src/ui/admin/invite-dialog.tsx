import { type FormEvent, useState } from 'react';
import { adminWords } from '../../words/admin.js';
import { Dialog } from '../dialog.js';
import { Field } from '../field.js';
import { useAction } from '../use-action.js';
import { AdminRefusal } from './admin-refusal.js';
import { fieldText } from './confirmed-action.js';
import { useOperator } from './operator-context.js';

const dayMs = 86_400_000;

/** The form that creates an invitation to register, for servers that require one. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const operator = useOperator();
  const say = adminWords().people;
  const [code, setCode] = useState('');
  const { busy, refused, run } = useAction(async (form: FormData) => {
    const days = Number(fieldText(form, 'days'));
    const { id } = await operator.invite(Number(fieldText(form, 'uses')), Date.now() + days * dayMs);
    setCode(id);
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  return (
    <Dialog title={say.invite} onClose={onClose}>
      <form onSubmit={onSubmit}>
        <NumberField name="uses" label={say.inviteUses} value={1} most={10_000} />
        <NumberField name="days" label={say.inviteDays} value={7} most={365} />
        <AdminRefusal refused={refused} />
        <p role="status">{code === '' ? '' : say.inviteCode(code)}</p>
        <button type="submit" className="primary" disabled={busy}>
          {say.createInvite}
        </button>
      </form>
    </Dialog>
  );
}

function NumberField({ name, label, value, most }: { name: string; label: string; value: number; most: number }) {
  return (
    <Field label={label}>
      {(ids) => <input {...ids} name={name} type="number" min={1} max={most} defaultValue={value} required />}
    </Field>
  );
}
