/** Makes an element: properties, then children. `class`, `style` custom properties and `aria` are given as they are spelled in HTML. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith("--") || ["left", "top", "width", "height"].includes(attribute)) made.style.setProperty(attribute, value);
    else made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

export const color = (emotion) => `var(--${emotion})`;

export const percent = (share) => `${Math.round(100 * share)} %`;
