import { useOverlay } from './overlay-context.js';
import { Name } from './text.js';

/** The name of a person. A click opens their profile. */
export function PersonName({ id, name }: { id: string; name: string }) {
  const open = useOverlay();
  return (
    <button type="button" className="person-name" onClick={() => open({ type: 'person', id })}>
      <Name of={name} title={id} />
    </button>
  );
}
