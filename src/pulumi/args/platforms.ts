import type { Platform } from "../../control/platform";
import { kubernetesPlatform } from "../../platforms/kubernetes";
import { localPlatform } from "../../platforms/local";

/** Every platform, by the property that selects it: exactly one of these must be given. */
export const platforms: Readonly<Record<string, Platform>> = {
	local: localPlatform as Platform,
	kubernetes: kubernetesPlatform as Platform,
};
