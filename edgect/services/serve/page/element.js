// Elements made without markup: text is text, whatever it holds.

const SVG = "http://www.w3.org/2000/svg";

export const at = (id) => document.getElementById(id);

export const element = (name, attributes = {}, ...children) =>
  withAttributes(document.createElement(name), attributes, children);

export const svgElement = (name, attributes = {}, ...children) =>
  withAttributes(document.createElementNS(SVG, name), attributes, children);

function withAttributes(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
