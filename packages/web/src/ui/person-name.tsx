import { useOverlay } from './overlay-context.js';
import { Name } from './text.js';

interface PersonNameProps {
  readonly id: string;
  readonly name: string;
  /** -1 in lists of many names, so that the Tab key does not stop at each of them. */
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
