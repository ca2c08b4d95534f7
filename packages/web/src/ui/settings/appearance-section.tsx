import { densities, type PagePreferences, themes } from '../../state/preferences.js';
import { isLanguage, languages, preferredLanguage } from '../../words/languages.js';
import { words } from '../../words/words.js';
import { Field } from '../field.js';
import { useWatched } from '../hooks.js';
import { RefusalLine } from '../refusal-line.js';
import { useAction } from '../use-action.js';
import { usePreferences, useWorkspace } from '../workspace-context.js';

/** Colours, spacing and language of the page in this browser. */
export function AppearanceSection() {
  const store = usePreferences();
  const { preferences } = useWatched(store);
  const say = words().settings;
  const { notices } = useWorkspace();
  const { refused, run } = useAction(async (choice: Partial<PagePreferences>) => {
    await store.change(choice);
    if ('language' in choice) await notices.change({}); // They speak it too.
  });
  return (
    <>
      <Choices
        title={say.theme}
        name="theme"
        values={themes}
        chosen={preferences.theme}
        onChoose={(theme) => run({ theme })}
      />
      <Choices
        title={say.density}
        name="density"
        values={densities}
        chosen={preferences.density}
        onChoose={(density) => run({ density })}
      />
      <LanguageField chosen={preferences.language} onChoose={(language) => run({ language })} />
      <RefusalLine refused={refused} />
      <p className="hint">{say.perBrowser}</p>
    </>
  );
}

interface ChoicesProps<V> {
  readonly title: string;
  readonly name: string;
  readonly values: readonly V[];
  readonly chosen: V;
  readonly onChoose: (value: V) => void;
}

function Choices<V extends (typeof themes | typeof densities)[number]>(props: ChoicesProps<V>) {
  const { title, name, values, chosen, onChoose } = props;
  const say = words().settings;
  return (
    <fieldset className="kinds">
      <legend>{title}</legend>
      {values.map((value) => (
        <label key={value}>
          <input type="radio" name={name} checked={value === chosen} onChange={() => onChoose(value)} />
          <span>{say[value]}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface LanguageFieldProps {
  readonly chosen: PagePreferences['language'];
  readonly onChoose: (language: PagePreferences['language']) => void;
}

function LanguageField({ chosen, onChoose }: LanguageFieldProps) {
  const say = words().settings;
  return (
    <Field label={say.language}>
      {(ids) => (
        <select
          {...ids}
          value={chosen ?? ''}
          onChange={({ target: { value } }) => onChoose(isLanguage(value) ? value : undefined)}
        >
          <option value="">{say.likeBrowser(languages[preferredLanguage(navigator.languages)])}</option>
          {Object.entries(languages).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
