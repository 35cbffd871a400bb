/** One diagram: how something grows with a size. Both axes are logarithmic, so that what grows linearly rises at 45 degrees. */
export interface Panel {
	readonly title: string;
	/** The size. */
	readonly x: string;
	/** By the name of the line: sizes and values, both above 0. */
	readonly lines: Readonly<Record<string, readonly (readonly [size: number, value: number])[]>>;
}

/** Okabe and Ito's colours, as in timelines; the marks differ, too. */
const looks = [
	{ colour: "#0072b2", mark: "M-4 -4H4V4H-4Z" },
	{ colour: "#d55e00", mark: "M0 -5L5 4H-5Z" },
	{ colour: "#009e73", mark: "M0 -5L5 0L0 5L-5 0Z" },
	{ colour: "#cc79a7", mark: "M-4 -4L4 4M4 -4L-4 4" },
] as const;

const width = 860;
const margin = 20;
const columns = 2;
const panel = { width: (width - margin) / columns, height: 250 };
const plot = { left: 62, top: 34, width: panel.width - 62 - margin, height: 150 };

const style = [
	"text{font:12px system-ui,'Segoe UI',Helvetica,Arial,sans-serif}.title{font-weight:600;font-size:14px}",
	".ground{fill:#fff;stroke:#d0d7de}.ink{fill:#1f2328}.quiet{fill:#59636e}.tick{stroke:#d0d7de}.linear{stroke:#59636e;stroke-dasharray:4 4}",
	"@media(prefers-color-scheme:dark){.ground{fill:#0d1117;stroke:#3d444d}.ink{fill:#f0f6fc}.quiet{fill:#9198a1}.tick{stroke:#3d444d}.linear{stroke:#9198a1}}",
].join("");

/** Draws diagrams side by side with one legend. The picture loads nothing and follows light and dark mode. */
export function drawPanels(title: string, panels: readonly Panel[]): string {
	const names = [...new Set(panels.flatMap(({ lines }) => Object.keys(lines)))];
	const height = 76 + Math.ceil(panels.length / columns) * panel.height;
	let at = margin;
	const legend = [...names, "linear"].map((name, index) => {
		const x = at;
		at += 40 + name.length * 7;
		const sign =
			index < names.length ? markAt(index, x + 8, 56) : `<path class="linear" fill="none" d="M${x - 4} 56H${x + 18}"/>`;
		return `${sign}${text(x + 24, 60, name, "ink")}`;
	});
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
		`<title id="title">${title}</title>`,
		`<style>${style}</style>`,
		`<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
		text(margin, 30, title, "ink title"),
		...legend,
		...panels.map((each, index) => {
			const [x, y] = [(index % columns) * panel.width, 70 + Math.floor(index / columns) * panel.height];
			return `<g transform="translate(${x} ${y})">${drawPanel(each, names)}</g>`;
		}),
		"</svg>\n",
	].join("\n");
}

function drawPanel({ title, x, lines }: Panel, names: readonly string[]): string {
	const points = Object.values(lines).flat();
	const [sizes, values] = [points.map(([size]) => size), points.map(([, value]) => value)];
	const across = axis(sizes, plot.left, plot.width);
	const up = axis(values, plot.top + plot.height, -plot.height);
	const bottom = plot.top + plot.height;
	const right = plot.left + plot.width;
	const parts = [
		text(plot.left, 18, title, "ink"),
		...across.ticks.map((it) => line(across.at(it), plot.top, across.at(it), bottom)),
		...across.ticks.map((it) => text(across.at(it), bottom + 16, short(it), "quiet", "middle")),
		...up.ticks.map((it) => line(plot.left, up.at(it), right, up.at(it))),
		...up.ticks.map((it) => text(plot.left - 6, up.at(it) + 4, short(it), "quiet", "end")),
		text(plot.left + plot.width / 2, bottom + 34, x, "quiet", "middle"),
	];
	// What would be linear, through the highest point of the largest size.
	const largest = Math.max(...sizes);
	const top = Math.max(...points.flatMap(([size, value]) => (size === largest ? [value] : [])));
	const least = Math.max(Math.min(...sizes), (largest * up.from) / top);
	parts.push(
		`<path class="linear" fill="none" d="M${across.at(least)} ${up.at((top * least) / largest)}L${across.at(largest)} ${up.at(top)}"/>`,
	);
	for (const [name, its] of Object.entries(lines)) {
		const index = names.indexOf(name);
		const { colour } = lookOf(index);
		const path = its.map(([size, value]) => `${across.at(size)} ${up.at(value)}`).join("L");
		parts.push(`<path fill="none" stroke="${colour}" stroke-width="1.5" d="M${path}"/>`);
		for (const [size, value] of its) parts.push(markAt(index, across.at(size), up.at(value), `${name}: ${value}`));
	}
	return parts.join("");
}

/** A logarithmic axis over whole decades. */
function axis(values: readonly number[], begin: number, length: number) {
	const from = Math.floor(Math.log10(Math.min(...values)));
	const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
	return {
		from: 10 ** from,
		at: (value: number) => Math.round((begin + ((Math.log10(value) - from) / (to - from)) * length) * 10) / 10,
		ticks: Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)),
	};
}

const lookOf = (index: number) => looks[index % looks.length] ?? looks[0];

function markAt(index: number, x: number, y: number, tip = ""): string {
	const { colour, mark } = lookOf(index);
	return `<path transform="translate(${x} ${y})" d="${mark}" fill="${colour}" stroke="${colour}"><title>${tip}</title></path>`;
}

const line = (x: number, y: number, toX: number, toY: number) => `<path class="tick" d="M${x} ${y}L${toX} ${toY}"/>`;
const text = (x: number, y: number, words: string, look: string, anchor = "start") =>
	`<text x="${x}" y="${y}" class="${look}" text-anchor="${anchor}">${words}</text>`;
const short = (value: number) => (value >= 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(1))));
