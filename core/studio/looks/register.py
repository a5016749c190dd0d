"""Decider: every look, mood and scene by the name that the lexicon gives it."""

from __future__ import annotations

from collections.abc import Mapping

from core.studio.looks import (
    built,
    drawn,
    hours,
    lit,
    painted,
    printed,
    scenery,
    seasons,
    tone,
    weather,
)
from core.studio.looks.touch import Look

LOOKS: Mapping[str, Look] = {
    "woodcut": printed.woodcut,
    "linocut": printed.linocut,
    "engraving": printed.engraving,
    "ukiyo-e": printed.ukiyo_e,
    "halftone": printed.halftone,
    "risograph": printed.risograph,
    "pop-art": printed.pop_art,
    "poster": printed.travel_poster,
    "comic": drawn.comic,
    "anime": drawn.anime,
    "ink": drawn.ink,
    "pen-and-wash": drawn.pen_and_wash,
    "pencil": drawn.pencil,
    "charcoal": drawn.charcoal,
    "chalk": drawn.chalk,
    "blueprint": drawn.blueprint,
    "oil": painted.oil,
    "impressionist": painted.impressionist,
    "starry": painted.starry,
    "pointillism": painted.pointillism,
    "watercolour": painted.watercolour,
    "gouache": painted.gouache,
    "pastel": painted.pastel,
    "old-master": painted.old_master,
    "pixel-art": built.pixel_art,
    "mosaic": built.mosaic,
    "stained-glass": built.stained_glass,
    "low-poly": built.low_poly,
    "paper-cut": built.paper_cut,
    "cross-stitch": built.cross_stitch,
    "neon": lit.neon,
    "vaporwave": lit.vaporwave,
    "noir": lit.noir,
    "vintage": lit.vintage,
    "sepia": lit.sepia,
    "glitch": lit.glitch,
    "photo": lit.photo,
}
"""How a picture may be made."""

MOODS: Mapping[str, Look] = {
    "golden-hour": hours.golden_hour,
    "sunset": hours.sunset,
    "dawn": hours.dawn,
    "night": hours.night,
    "moonlight": hours.moonlight,
    "stars": hours.stars,
    "fog": weather.fog,
    "snow": weather.snow,
    "winter": weather.winter,
    "rain": weather.rain,
    "storm": weather.storm,
    "autumn": seasons.autumn,
    "spring": seasons.spring,
    "summer": hours.summer,
    "sunbeams": hours.sunbeams,
    "underwater": weather.underwater,
    "dreamy": tone.dreamy,
    "dramatic": tone.dramatic,
    "vivid": tone.vivid,
    "muted": tone.muted,
    "candy": tone.candy,
    "warm": tone.warm,
    "cold": tone.cold,
    "bright": tone.bright,
    "dark": tone.dark,
    "contrast": tone.punchy,
    "grain": tone.grainy,
    "vignette": tone.vignetted,
}
"""The light, the hour, the season and the weather."""

IN_THE_AIR: Mapping[str, Look] = {
    "snow": weather.flakes,
    "rain": weather.streaks,
    "autumn": seasons.leaves,
    "spring": seasons.petals,
}
"""What some moods let fall: put over the finished drawing; a look would make rings of it."""

SCENES: Mapping[str, Look] = {
    "harbour": scenery.harbour,
    "sea": scenery.sea,
    "beach": scenery.beach,
    "lake": scenery.lake,
    "forest": scenery.forest,
    "jungle": scenery.jungle,
    "desert": scenery.desert,
    "city": scenery.city,
    "village": scenery.village,
    "mountains": scenery.mountains,
    "castle": scenery.castle,
    "meadow": scenery.meadow,
    "garden": scenery.garden,
    "space": scenery.space,
    "birds": scenery.birds,
    "balloons": scenery.balloons,
}
"""What may be added to a picture."""

CLOSING_MOODS = frozenset({"grain", "vignette", "vivid", "muted", "contrast", "bright", "dark"})
"""Moods that work on the finished picture; the others belong to what is depicted."""

GREY_LOOKS = frozenset({"ink", "pencil", "charcoal", "engraving", "noir", "sepia", "woodcut"})
"""Looks with little colour of their own, which a light may tint afterwards."""

OWN_COLOURS = frozenset(
    {"neon", "vaporwave", "starry", "pop-art", "blueprint", "chalk", "linocut", "sepia", "noir"}
)
"""Looks that are their colours; nothing is left of them in others."""

SUITS_ANYTHING = (
    "oil", "impressionist", "watercolour", "poster", "risograph", "pen-and-wash", "anime",
    "linocut", "gouache", "pastel", "halftone", "starry",
)  # fmt: skip
"""Looks to choose from when a prompt asks for nothing that is understood."""
