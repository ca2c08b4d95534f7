import { useOverlay } from './overlay-context.js';
import { Name } from './text.js';

interface PersonNameProps {
  readonly id: string;
  readonly name: string;
  /** -1 where many names follow each other, so that the Tab key need not pass them all. */
  readonly tabIndex?: -1;
}

/** The name of a person. A click opens their profile. */
export function PersonName({ id, name, tabIndex }: PersonNameProps) {
  const open = useOverlay();
  return (
    <button type="button" className="person-name" tabIndex={tabIndex} onClick={() => open({ type: 'person', id })}>
      <Name of={name} title={id} />
    </button>
  );
}
