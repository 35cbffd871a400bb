import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Small files that take minutes, the longest first. Larger ones begin first, so these would run alone at the end. */
const longest = [
	"contract/kubernetes",
	...["moves", "create", "cli-adopt", "size", "reshape", "cli-trouble"].map((name) => `kubernetes/${name}`),
	...["drift", "upgrade", "report"].map((name) => `engine/${name}`),
];

export class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const sorted = await super.sort(files);
		const projects = [...new Set(sorted.map(({ project }) => project.name))];
		const rank = ({ moduleId, project }: TestSpecification) => {
			const found = longest.findIndex((name) => moduleId.includes(`/test/${name}.test.`));
			const within = found < 0 ? longest.length : found;
			return projects.indexOf(project.name) * (longest.length + 1) + within;
		};
		return sorted.sort((one, other) => rank(one) - rank(other));
	}
}
