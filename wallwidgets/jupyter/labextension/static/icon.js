// Our mark: a score that leaves its band. The class lets JupyterLab colour it in both themes.

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M2 19.5h20V22H2z"/>
    <path d="M3.9 17.4 2 15.7l5.2-5.9 3.8 2.9 3.6-5 2.1 1.5-5.2 7.2-3.9-3z"/>
    <path d="M18 1.2 22.8 6 18 10.8 13.2 6z"/>
  </g>
</svg>`;

/** @param {Record<string, any>} lab */
export function icon(lab) {
  return new lab.LabIcon({ name: "wallwidgets:mark", svgstr: SVG });
}
