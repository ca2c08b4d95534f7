import { type ProfileChange, type User, Visibility } from '@parley/client';
import { type FormEvent, useState } from 'react';
import { mostCharacters, textLength } from '../../state/limits.js';
import { words } from '../../words/words.js';
import { Avatar } from '../avatar.js';
import { CountedField } from '../counted-field.js';
import { Field } from '../field.js';
import { RefusalLine } from '../refusal-line.js';
import { useAction } from '../use-action.js';
import { useLoaded } from '../use-loaded.js';
import { useWorkspace } from '../workspace-context.js';
import { PictureButtons } from './picture-buttons.js';

/** The user's own profile. */
export function ProfileSection() {
  const { account } = useWorkspace();
  const { value: user, refused } = useLoaded((signal) => account.own(signal));
  if (refused !== undefined) return <RefusalLine refused={refused} />;
  return user === undefined ? <p className="hint">{words().settings.loading}</p> : <ProfileForm user={user} />;
}

const visibilities = [
  [Visibility.EVERYONE, 'everyone'],
  [Visibility.USERS, 'users'],
  [Visibility.CONTACTS, 'contacts'],
  [Visibility.NOBODY, 'nobody'],
] as const;

type Fields = Required<Omit<ProfileChange, 'avatarId'>>;

function fieldsOf({ name, about, visibility, privateReads }: User): Fields {
  return { name, about, visibility: visibility || Visibility.EVERYONE, privateReads };
}

function isTooLong({ name, about }: Fields): boolean {
  return textLength(name, mostCharacters.name).over + textLength(about, mostCharacters.about).over > 0;
}

function ProfileForm({ user }: { user: User }) {
  const { account } = useWorkspace();
  const say = words().settings;
  const [fields, setFields] = useState(() => fieldsOf(user));
  const [isSaved, setIsSaved] = useState(false);
  const { busy, refused, run } = useAction(async () => {
    setFields(fieldsOf(await account.update(fields)));
    setIsSaved(true);
  });
  const set = (change: Partial<Fields>) => {
    setIsSaved(false);
    setFields({ ...fields, ...change });
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  return (
    <form onSubmit={onSubmit}>
      <Self id={user.id} name={fields.name} />
      <PictureButtons id={user.id} />
      <CountedField
        label={say.name}
        name="name"
        value={fields.name}
        most={mostCharacters.name}
        hint={say.nameHint}
        isRequired
        autoComplete="name"
        onText={(name) => set({ name })}
      />
      <CountedField
        label={say.about}
        name="about"
        value={fields.about}
        most={mostCharacters.about}
        hint={say.aboutHint}
        isLong
        onText={(about) => set({ about })}
      />
      <VisibilityField visibility={fields.visibility} onChoose={(visibility) => set({ visibility })} />
      <PrivateReads isOn={fields.privateReads} onChange={(privateReads) => set({ privateReads })} />
      <RefusalLine refused={refused} />
      <div className="save">
        <button className="primary" type="submit" disabled={busy || isTooLong(fields)}>
          {say.save}
        </button>
        <span role="status" className="hint">
          {isSaved && say.saved}
        </span>
      </div>
    </form>
  );
}

function Self({ id, name }: { id: string; name: string }) {
  const { userIdHint, picture } = words().settings;
  return (
    <div className="self">
      <Avatar id={id} name={name || id} />
      <p>
        <strong>{id}</strong>
        <span className="hint">{userIdHint}</span>
        <span className="hint">{picture}</span>
      </p>
    </div>
  );
}

function PrivateReads({ isOn, onChange }: { isOn: boolean; onChange: (isOn: boolean) => void }) {
  const { privateReads, privateReadsHint } = words().settings;
  return (
    <label className="check">
      <input type="checkbox" checked={isOn} onChange={() => onChange(!isOn)} />
      <span>
        {privateReads}
        <span className="hint">{privateReadsHint}</span>
      </span>
    </label>
  );
}

interface VisibilityFieldProps {
  readonly visibility: Visibility;
  readonly onChoose: (visibility: Visibility) => void;
}

function VisibilityField({ visibility, onChoose }: VisibilityFieldProps) {
  const say = words().settings;
  return (
    <Field label={say.visibility} hint={say.visibilityHint}>
      {(ids) => (
        <select
          {...ids}
          name="visibility"
          value={visibility}
          onChange={({ target }) => onChoose(Number(target.value) as Visibility)}
        >
          {visibilities.map(([value, name]) => (
            <option key={value} value={value}>
              {say[name]}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
