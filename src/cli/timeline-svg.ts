import type { Interval, Timeline } from "../roll/timeline";
import { duration } from "../words/text";
import {
	barNames,
	barText,
	laneNames,
	moreReplicas,
	stretch,
	timelineDescription,
	timelineStop,
	timelineTitle,
} from "../words/timeline";

type Look = keyof typeof barNames;

/**
 * Okabe and Ito's colours, which are safe for colour-blind readers (https://jfly.uni-koeln.de/color/); bars of replicas
 * that do not serve are hatched as well.
 */
const colours: Readonly<Record<Look, { readonly fill: string; readonly ink: string; readonly hatch?: string }>> = {
	before: { fill: "#56b4e9", ink: "#000" },
	after: { fill: "#0072b2", ink: "#fff" },
	draining: { fill: "#f0e442", ink: "#000" },
	drained: { fill: "#e69f00", ink: "#000" },
	down: { fill: "#d55e00", ink: "#000", hatch: "45" },
	starting: { fill: "#cc79a7", ink: "#000", hatch: "0" },
	joining: { fill: "#cc79a7", ink: "#000", hatch: "90" },
	available: { fill: "#009e73", ink: "#fff" },
	unavailable: { fill: "#d55e00", ink: "#000", hatch: "45" },
};

const width = 860;
const margin = 20;
const bar = 20;
const lane = 30;
/** The average width of a letter at 13 pixels. */
const letter = 7.2;
/** More lanes than this would not be read. */
const most = 64;

interface Bar {
	readonly look: Look;
	readonly from: number;
	readonly to: number;
	readonly version?: string;
	readonly label: string;
	readonly tip: string;
}
interface Lane {
	readonly name: string;
	readonly bars: readonly Bar[];
}

/**
 * Draws a timeline: a lane for each replica, and one each for reads and writes. The picture loads nothing, has its own
 * background, and follows the reader's light or dark mode.
 */
export function drawTimeline(timeline: Timeline): string {
	const { seconds } = timeline;
	const shown = replicasShown(timeline);
	const hidden = timeline.replicas.length - shown.length;
	const replicas = shown.map(({ name, intervals }) => ({
		name,
		bars: intervals.map((it) => barOf(timeline, name, it)),
	}));
	const clients = (["reads", "writes"] as const).map((what) => ({
		name: laneNames[what],
		bars: availability(timeline, what),
	}));

	const longest = Math.max(...[...replicas, ...clients].map(({ name }) => name.length));
	const left = Math.min(280, margin + Math.ceil(longest * letter) + 12);
	const scale = (width - margin - left) / Math.max(seconds, 0.01);
	const x = (at: number) => round(left + at * scale);
	const parts: string[] = [];
	const put = (y: number, { name, bars }: Lane) => {
		parts.push(text(left - 10, y + 15, cut(name), 'class="ink" text-anchor="end"'));
		for (const it of bars) parts.push(drawBar(it, x(it.from), y, Math.max(1.5, (it.to - it.from) * scale)));
	};

	let y = 62;
	const stop = timelineStop(timeline);
	parts.push(text(margin, 32, timelineTitle(timeline), 'class="ink title"'));
	if (stop !== undefined) {
		parts.push(text(margin, 54, stop, 'class="ink"'));
		y += 18;
	}
	const top = y - 4;
	for (const each of replicas) {
		put(y, each);
		y += lane;
	}
	if (hidden > 0) {
		parts.push(text(left, y + 13, moreReplicas(hidden), 'class="quiet"'));
		y += lane;
	}
	y += 8;
	for (const each of clients) {
		put(y, each);
		y += lane;
	}
	const ticks = ticksOf(seconds).map((at) => {
		const anchor = x(at) > width - margin - 24 ? "end" : "middle";
		return `${line(x(at), top, y)}${text(x(at), y + 16, duration(at), `class="quiet" text-anchor="${anchor}"`)}`;
	});
	y += 40;
	const legend = legendOf([...replicas, ...clients], timeline, y);
	const height = legend.bottom + margin;

	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
		`<title id="title">${escaped(timelineTitle(timeline))}</title>`,
		`<desc id="desc">${escaped(timelineDescription(timeline))}</desc>`,
		`<style>${style}</style>`,
		`<defs>${["0", "45", "90"].map(hatchOf).join("")}</defs>`,
		`<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
		...ticks,
		...parts,
		...legend.parts,
		"</svg>\n",
	].join("\n");
}

/** Text follows light and dark mode; bars do not. */
const style = [
	"text{font:13px system-ui,'Segoe UI',Helvetica,Arial,sans-serif}",
	".title{font-weight:600;font-size:15px}",
	".label{font-size:11px}",
	".ground{fill:#fff;stroke:#d0d7de}.ink{fill:#1f2328}.quiet{fill:#59636e}.tick{stroke:#d0d7de}",
	"@media(prefers-color-scheme:dark){.ground{fill:#0d1117;stroke:#3d444d}.ink{fill:#f0f6fc}.quiet{fill:#9198a1}.tick{stroke:#3d444d}}",
].join("");

const hatchOf = (degrees: string) =>
	`<pattern id="h${degrees}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(${degrees})"><path d="M0 0V6" stroke="#000" stroke-opacity="0.35" stroke-width="2"/></pattern>`;

/** If there are too many, touched replicas come first; all in their order. */
function replicasShown({ replicas }: Timeline): Timeline["replicas"] {
	if (replicas.length <= most) return replicas;
	const touched = replicas.filter(({ intervals }) => intervals.some(({ is }) => is !== "serving"));
	const some = new Set([...touched, ...replicas].slice(0, most));
	return replicas.filter((replica) => some.has(replica));
}

function barOf({ from, to }: Timeline, name: string, interval: Interval): Bar {
	const { is, version, doing } = interval;
	const look: Look = is !== "serving" ? is : version !== to && from !== to ? "before" : "after";
	return {
		look,
		from: interval.from,
		to: interval.to,
		...(version !== undefined && { version }),
		label: is === "serving" ? (version ?? "") : (doing ?? is),
		tip: barText(name, interval),
	};
}

function availability({ available, seconds }: Timeline, what: "reads" | "writes"): Bar[] {
	const joined: { from: number; is: boolean }[] = [];
	for (const it of available) if (joined.at(-1)?.is !== it[what]) joined.push({ from: it.at, is: it[what] });
	return joined.map(({ from, is }, index) => {
		const to = joined[index + 1]?.from ?? seconds;
		const look = is ? "available" : "unavailable";
		const label = barNames[look];
		return { look, from, to, label, tip: `${laneNames[what]}: ${label} ${stretch(from, to)}` };
	});
}

function drawBar({ look, label, tip }: Bar, x: number, y: number, wide: number): string {
	const { fill, ink, hatch } = colours[look];
	const fits = label.length * 6.4 + 8 < wide;
	// On a hatched bar, letters get a background in its colour.
	const ground = hatch === undefined ? "" : ` paint-order="stroke" stroke="${fill}" stroke-width="4"`;
	const said = fits ? text(x + 5, y + 14, label, `class="label" fill="${ink}"${ground}`) : "";
	return `<g><title>${escaped(tip)}</title>${painted(look, x, y, round(wide), bar)}${said}</g>`;
}

function painted(look: Look, x: number, y: number, width: number, height: number): string {
	const { fill, hatch } = colours[look];
	const box = (paint: string) => `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${paint}"/>`;
	return `${box(fill)}${hatch === undefined ? "" : box(`url(#h${hatch})`)}`;
}

function legendOf(lanes: readonly Lane[], { to }: Timeline, y: number): { parts: string[]; bottom: number } {
	const bars = lanes.flatMap((each) => each.bars);
	const looks = (Object.keys(colours) as Look[]).filter((look) => bars.some((it) => it.look === look));
	let [at, row] = [margin, y];
	const parts = looks.map((look) => {
		const versions =
			look === "after" ? [to] : [...new Set(bars.flatMap((it) => (it.look === look ? (it.version ?? []) : [])))];
		const name = versions.length === 1 ? `${barNames.after} ${versions[0]}` : barNames[look];
		const wide = 24 + name.length * 6.7 + 20;
		if (at + wide > width - margin) [at, row] = [margin, row + 24];
		const sign = painted(look, round(at), row - 11, 18, 14);
		const said = text(round(at + 24), row, name, 'class="ink"');
		at += wide;
		return `${sign}${said}`;
	});
	return { parts, bottom: row };
}

/** From 0 on, at most ten, at round numbers. */
function ticksOf(seconds: number): number[] {
	const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 86_400];
	const step = steps.find((each) => seconds / each <= 9) ?? 864_000;
	return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => round(index * step));
}

const line = (x: number, from: number, to: number) => `<path class="tick" d="M${x} ${from}V${to}"/>`;
const text = (x: number, y: number, words: string, attributes: string) =>
	`<text x="${round(x)}" y="${y}" ${attributes}>${escaped(words)}</text>`;
const cut = (name: string) => (name.length > 36 ? `…${name.slice(-35)}` : name);
const round = (value: number) => Math.round(value * 100) / 100;

/** XML allows no control characters, not even escaped. */
function escaped(words: string): string {
	const signs: Readonly<Record<string, string>> = {
		"&": "&amp;",
		"<": "&lt;",
		">": "&gt;",
		'"': "&quot;",
		"'": "&apos;",
	};
	return words.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, " ").replace(/[&<>"']/g, (sign) => signs[sign] ?? sign);
}
