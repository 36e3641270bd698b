"""Scenes of Shapes3D, drawn: rays cast into a room, and the light that comes back."""

import colorsys

import numpy as np
from numpy.typing import ArrayLike

from vaekit.datasets._grid import check_classes
from vaekit.utils._ambient import guarded

FACTORS = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
SIZES = (10, 10, 10, 8, 4, 15)
HUES = np.arange(10) / 10
SCALES = np.linspace(0.75, 1.25, 8)
SHAPES = np.array(["cube", "cylinder", "sphere", "capsule"])
ORIENTATIONS = np.linspace(-30, 30, 15)
VALUES = (HUES, HUES, HUES, SCALES, SHAPES, ORIENTATIONS)
COLOURS = np.array([colorsys.hsv_to_rgb(hue, 1, 1) for hue in HUES], dtype=np.float32)

SIDE = 64
RAYS_PER_SIDE = 2 * SIDE  # four rays per pixel smooth the edges
N_STEPS = 48
ON_SURFACE = 2e-3
BLOCK = 256

# The room, y upwards: the floor is y = 0, the walls are x, z = -4 and 4, and the camera circles round the middle.
LOWER_WALLS = np.array([-4.0, 0.0, -4.0])
UPPER_WALLS = np.array([4.0, np.inf, 4.0])
CAMERA_RADIUS, CAMERA_HEIGHT, HALF_VIEW = 3.9, 2.6, 0.5
LOOK_AT = np.array([0.0, 0.95, 0.0])
TO_LIGHT = np.array([-1.2, 2.2, 1.6]) / np.linalg.norm([-1.2, 2.2, 1.6])
AMBIENT, DIFFUSE, SPECULAR, SHININESS, SHADOW_SHARPNESS = 0.45, 0.6, 0.35, 40, 12
# Which surface a ray meets first along x, y, z or on the object, and the colour that surface wears.
FLOOR, WALL, OBJECT, WHITE = range(4)
WEARS = np.array([WALL, FLOOR, WALL, OBJECT])


def _dot(a, b):
    return np.einsum("...i,...i", a, b)


def _length(vectors):
    return np.sqrt(_dot(vectors, vectors))


def _unit(vectors):
    return vectors / _length(vectors)[..., None]


def _distance_to_box(p, half):
    beyond = np.abs(p) - half
    return _length(np.maximum(beyond, 0)) + np.minimum(beyond.max(axis=-1), 0)


def _cube(p):
    return _distance_to_box(p, 0.75)


def _cylinder(p):
    return _distance_to_box(np.stack([np.hypot(p[:, 0], p[:, 2]), p[:, 1]], axis=1), (0.75, 0.8))


def _sphere(p):
    return _length(p) - 0.9


def _capsule(p):
    x, y, z = p.T
    return _length(np.stack([x, y - np.clip(y, -0.45, 0.45), z], axis=1)) - 0.6


# Signed distance from the surface at scale 1, and half the height.
DISTANCES = {"cube": (_cube, 0.75), "cylinder": (_cylinder, 0.8), "sphere": (_sphere, 0.9), "capsule": (_capsule, 1.05)}
REACH = 1.7  # nothing further than this from the centre is touched or shaded by an object of scale 1


def _standing(shape, scale):
    """Return the centre of an object on the floor, its reach, and the signed distance from its surface."""
    distance, half_height = DISTANCES[shape]
    centre = np.array([0, half_height * scale, 0])
    return centre, REACH * scale, lambda p: scale * distance((p - centre) / scale)


def _camera(orientation):
    """Return the eye and the unit direction of every ray, (n_rays, 3), row by row from the upper left."""
    azimuth = np.deg2rad(orientation)
    eye = np.array([CAMERA_RADIUS * np.sin(azimuth), CAMERA_HEIGHT, CAMERA_RADIUS * np.cos(azimuth)])
    forward = _unit(LOOK_AT - eye)
    right = _unit(np.cross(forward, [0, 1, 0]))
    up = np.cross(right, forward)
    screen = HALF_VIEW * ((2 * np.arange(RAYS_PER_SIDE) + 1) / RAYS_PER_SIDE - 1)
    rays = forward + screen[:, None] * right - screen[:, None, None] * up
    return eye, _unit(rays).reshape(-1, 3)


def _march(standing, origin, direction):
    """Return, per ray, the length to the object (inf for a miss) and the share of light that passes it.

    Each step goes as far as the distance to the surface, so it can touch but not pierce it. A ray that comes within d
    of the object at length t lets through the share min(1, sharpness d / t): the soft edge of a shadow.
    """
    centre, reach, distance = standing
    closest = _dot(centre - origin, direction)
    near = np.flatnonzero((closest > 0) & (_length(origin + closest[:, None] * direction - centre) < reach))
    origin, towards = np.broadcast_to(origin, direction.shape)[near], direction[near]

    t, light = np.zeros(len(near)), np.ones(len(near))
    for _ in range(N_STEPS):
        d = distance(origin + t[:, None] * towards)
        t += d
        light = np.minimum(light, SHADOW_SHARPNESS * d / t)
    touches = distance(origin + t[:, None] * towards) < ON_SURFACE

    length, share = np.full(len(direction), np.inf), np.ones(len(direction))
    length[near] = np.where(touches, t, np.inf)
    share[near] = np.where(touches, 0, np.maximum(light, 0))
    return length, share


def _normals(distance, points, h=1e-3):
    """Return unit normals of the object: the gradient of the distance, by central differences."""
    return _unit(np.stack([distance(points + h * e) - distance(points - h * e) for e in np.eye(3)], axis=1))


def _transport(scale, shape, orientation):
    """Return how much of each colour (floor, wall, object, white light) every pixel shows, (4, 64 * 64).

    The light model is Blinn's: ambient + diffuse max(0, n . l) of the surface's colour, and specular
    max(0, n . h)^shininess of white on the object, all but the ambient part dimmed in the object's shadow. It is linear
    in the colours, so that one such matrix serves all thousand colourings.
    """
    standing = _standing(shape, scale)
    eye, direction = _camera(orientation)

    to_walls = (np.where(direction > 0, UPPER_WALLS, LOWER_WALLS) - eye) / direction
    to_object, _ = _march(standing, eye, direction)
    lengths = np.column_stack([to_walls, to_object])
    first = lengths.argmin(axis=1)
    points = eye + lengths.min(axis=1)[:, None] * direction

    normal = -np.sign(direction) * np.eye(4, 3)[first]
    on_object = first == 3
    normal[on_object] = _normals(standing[2], points[on_object])

    _, lit = _march(standing, points + 10 * ON_SURFACE * normal, np.broadcast_to(TO_LIGHT, points.shape))
    diffuse = np.maximum(normal @ TO_LIGHT, 0)
    halfway = _unit(TO_LIGHT - direction)
    glint = np.maximum(_dot(normal, halfway), 0) ** SHININESS

    shown = np.zeros((4, len(direction)))
    shown[WEARS[first], np.arange(len(direction))] = AMBIENT + DIFFUSE * lit * diffuse
    shown[WHITE] = SPECULAR * lit * glint * on_object
    return shown.reshape(4, SIDE, 2, SIDE, 2).mean(axis=(2, 4)).reshape(4, -1).astype(np.float32)


@guarded
def render_shapes3d(classes: ArrayLike) -> np.ndarray:
    """Draw scenes with the factors of Shapes3D by casting rays into a room.

    A stand-in for the published images, not a copy of them: the factors and their values are the same, the camera, the
    light and the proportions are ours.

    Parameters
    ----------
    classes : array-like of int of shape (n_samples, 6)
        Floor, wall and object hue (0 .. 9), scale (0 .. 7 for 0.75 .. 1.25), shape (0 cube, 1 cylinder, 2 sphere,
        3 capsule), orientation (0 .. 14 for -30 .. 30 degrees).

    Returns
    -------
    images : ndarray of uint8 of shape (n_samples, 3, 64, 64)
        Red, green and blue, 0 .. 255.

    Raises
    ------
    ValueError
        If a class is out of range.

    See Also
    --------
    make_shapes3d : The same images with their factors, as a grid or a random sample.

    Notes
    -----
    Each of the 480 combinations of scale, shape and orientation costs about 40 ms; its colourings cost next to nothing.

    References
    ----------
    J. C. Hart, "Sphere tracing: a geometric method for the antialiased ray tracing of implicit surfaces",
    The Visual Computer 12, 1996. J. F. Blinn, "Models of light reflection for computer synthesized pictures",
    SIGGRAPH 1977.

    Examples
    --------
    >>> from vaekit.datasets import render_shapes3d
    >>> render_shapes3d([[0, 3, 6, 4, 2, 7]]).shape
    (1, 3, 64, 64)
    """
    classes = check_classes(classes, FACTORS, SIZES)
    geometries, geometry = np.unique(classes[:, 3:], axis=0, return_inverse=True)
    transports = [_transport(SCALES[k], SHAPES[s], ORIENTATIONS[o]) for k, s, o in geometries]
    images = np.empty((len(classes), 3, SIDE, SIDE), np.uint8)
    for start in range(0, len(classes), BLOCK):
        rows = slice(start, start + BLOCK)
        colours = np.insert(COLOURS[classes[rows, :3]], WHITE, 1, axis=1)
        shown = np.stack([transports[k] for k in geometry[rows]])
        light = np.minimum(colours.transpose(0, 2, 1) @ shown, 1)
        images[rows] = (255 * light + 0.5).reshape(-1, 3, SIDE, SIDE)
    return images
